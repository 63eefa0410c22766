using System.Collections.Immutable;
using EdgeMesh.Services.Records.Consents;
using Hl7.Fhir.Serialization;

namespace EdgeMesh.Services.Records.Tests.Consents;

public sealed class ConsentEvaluatorTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>The consent of the story: clinic-b may treat, but for psychiatric notes.</summary>
    private const string Story = """
        {"type":"permit","actor":[{"role":{"text":"recipient"},"reference":{"identifier":{"value":"clinic-b"}}}],
         "purpose":[{"code":"TREAT"}],"provision":[{"type":"deny","securityLabel":[{"code":"PSY"}]}]}
        """;

    private const string Privacy = """{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"patient-privacy"}]}""";

    [Theory]
    [InlineData("clinic-b", "TREAT", "N", "permit provision")]
    [InlineData("clinic-b", "TREAT", "PSY", "deny provision.provision[0]")]
    [InlineData("clinic-c", "TREAT", "N", "silent")]
    [InlineData("clinic-b", "HRESCH", "N", "silent")]
    public void Evaluate_TheStorysConsent_PermitsAllButPsychiatry(string organization, string purpose, string label, string expected) =>
        Assert.Equal(expected, Say(Evaluate([Read(Story)!], organization, purpose, label)));

    [Fact]
    public void Evaluate_OneConsentPermitsAndAnotherDenies_DenyWinsInAnyOrder()
    {
        var permit = Read("""{"type":"permit"}""", "one")!;
        var deny = Read("""{"type":"deny","actor":[{"role":{"text":"r"},"reference":{"reference":"Organization/clinic-b"}}]}""", "two")!;
        Assert.Equal(Effect.Deny, Evaluate([permit, deny], "clinic-b", "TREAT", "N").Effect);
        Assert.Equal(Effect.Deny, Evaluate([deny, permit], "clinic-b", "TREAT", "N").Effect);
        Assert.Equal(Effect.Permit, Evaluate([deny, permit], "clinic-c", "TREAT", "N").Effect);
    }

    [Theory]
    [InlineData("2026-10-01", "2026-10-31", "silent")]
    [InlineData("2026-10-01", "2026-12-31", "permit provision")]
    [InlineData("2026-12-01", "2026-12-31", "silent")]
    public void Evaluate_Period_CountsOnlyInside(string start, string end, string expected) =>
        Assert.Equal(expected, Say(Evaluate([Read($$$"""{"type":"permit","period":{"start":"{{{start}}}","end":"{{{end}}}"}}""")!], "clinic-b", "TREAT", "N")));

    [Theory]
    [InlineData("draft")]
    [InlineData("inactive")]
    [InlineData("entered-in-error")]
    public void Read_NotActive_DecidesNothing(string status) => Assert.Null(Read("""{"type":"permit"}""", status: status));

    [Theory]
    [InlineData("""{"type":"permit","data":[{"meaning":"instance","reference":{"reference":"Observation/1"}}]}""")]
    [InlineData("""{"type":"permit","actor":[{"role":{"text":"r"},"reference":{"reference":"Practitioner/1"}}]}""")]
    [InlineData("""{"type":"permit","code":[{"text":"x"}]}""")]
    public void Read_APermitConstrainedByWhatIsNotKnown_PermitsNobody(string provision) =>
        Assert.NotEqual(Effect.Permit, Evaluate([Read(provision)!], "clinic-b", "TREAT", "N").Effect);

    /// <summary>What is not known narrows a deny as little as it widens a permit.</summary>
    [Theory]
    [InlineData("\"purpose\":[{\"display\":\"care\"}]")]
    [InlineData("\"securityLabel\":[{\"display\":\"all\"}]")]
    [InlineData("\"class\":[{\"display\":\"observations\"}]")]
    [InlineData("\"class\":[{\"code\":\"urn:hl7-org:sdwg:ccda-structuredBody:2.1\"}]")]
    [InlineData("\"action\":[{\"text\":\"access\"}]")]
    [InlineData("\"action\":[{\"coding\":[{\"code\":\"correct\"}]}]")]
    [InlineData("\"actor\":[{\"role\":{\"text\":\"r\"},\"reference\":{\"display\":\"Clinic B\"}}]")]
    [InlineData("\"actor\":[{\"role\":{\"text\":\"r\"},\"reference\":{\"reference\":\"Practitioner/1\"}}]")]
    [InlineData("\"code\":[{\"text\":\"x\"}]")]
    [InlineData("\"data\":[{\"meaning\":\"instance\",\"reference\":{\"reference\":\"Observation/1\"}}]")]
    [InlineData("\"dataPeriod\":{\"start\":\"2020\"}")]
    [InlineData("\"modifierExtension\":[{\"url\":\"urn:x\",\"valueBoolean\":true}]")]
    public void Read_APartThatIsNotKnown_PermitsNobodyAndDeniesEverybody(string part)
    {
        Assert.Null(Evaluate([Read($$"""{"type":"permit",{{part}}}""")!], "clinic-b", "TREAT", "N").Effect);
        Assert.Equal(Effect.Deny, Evaluate([Read($$"""{"type":"deny",{{part}}}""")!], "clinic-b", "TREAT", "N").Effect);
        Assert.Equal(Effect.Deny, Evaluate([Read($$"""{"type":"permit","provision":[{"type":"deny",{{part}}}]}""")!], "clinic-b", "TREAT", "N").Effect);
    }

    [Fact]
    public void Read_ADenyOfOneThatIsNamedAndOneThatIsNot_StillNamesTheOne()
    {
        var deny = Read("""
            {"type":"deny","actor":[{"role":{"text":"r"},"reference":{"reference":"Organization/clinic-a"}},{"role":{"text":"r"},"reference":{"display":"x"}}]}
            """)!;

        Assert.Equal(Effect.Deny, Evaluate([deny], "clinic-b", "TREAT", "N").Effect);
        Assert.Equal(Effect.Deny, ConsentEvaluator.EvaluateNamed([deny], new DisclosureRequest("clinic-a", "TREAT", "Observation", ["N"], Now)).Effect);
    }

    [Theory]
    [InlineData("{}", "silent")]
    [InlineData("""{"actor":[{"role":{"text":"r"},"reference":{"reference":"Organization/clinic-b"}}]}""", "silent")]
    [InlineData("""{"provision":[{"type":"permit"}]}""", "permit provision.provision[0]")]
    [InlineData("""{"provision":[{"type":"deny","securityLabel":[{"code":"N"}]}]}""", "deny provision.provision[0]")]
    [InlineData("""{"type":"permit"}""", "permit provision")]
    public void Read_APolicyToOptIn_PermitsOnlyByAProvision(string provision, string expected) =>
        Assert.Equal(expected, Say(Evaluate([Read(provision, policy: ""","policyRule":{"coding":[{"code":"OPTIN"}]}""")!], "clinic-b", "TREAT", "N")));

    [Theory]
    [InlineData("""{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"research"}]}""")]
    [InlineData("""{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/consentscope","code":"adr"}]}""")]
    [InlineData("""{"text":"patient-privacy"}""")]
    public void Read_AnotherScopeThanPrivacy_DecidesNothing(string scope) => Assert.Null(Read("""{"type":"permit"}""", scope: scope));

    [Theory]
    [InlineData("2026", "permit provision")]
    [InlineData("2026-11", "permit provision")]
    [InlineData("2026-11-01", "permit provision")]
    [InlineData("2026-11-01T12:00:00Z", "permit provision")]
    [InlineData("2026-11-01T12:30:00+01:00", "silent")]
    [InlineData("2026-10", "silent")]
    [InlineData("2025", "silent")]
    public void Read_AnEnd_IncludesAllThatItNames(string end, string expected) =>
        Assert.Equal(expected, Say(Evaluate([Read($$$"""{"type":"permit","period":{"end":"{{{end}}}"}}""")!], "clinic-b", "TREAT", "N")));

    [Fact]
    public void Read_RootWithoutTypeAndOptOutPolicy_Denies() =>
        Assert.Equal(Effect.Deny, Evaluate([Read("{}", policy: ""","policyRule":{"coding":[{"code":"OPTOUT"}]}""")!], "clinic-b", "TREAT", "N").Effect);

    [Fact]
    public void EvaluateNamed_ADenyOfEverybody_DoesNotShutOutTheSiteItself()
    {
        var directives = ImmutableArray.Create(Read("""{"type":"deny"}""")!);
        var request = new DisclosureRequest("clinic-a", "TREAT", "Observation", ["N"], Now);
        Assert.Null(ConsentEvaluator.EvaluateNamed(directives, request).Effect);
        Assert.Equal(Effect.Deny, ConsentEvaluator.Evaluate(directives, request).Effect);
    }

    private static ConsentVerdict Evaluate(ImmutableArray<ConsentDirective> directives, string organization, string purpose, string label) =>
        ConsentEvaluator.Evaluate(directives, new DisclosureRequest(organization, purpose, "Observation", [label], Now));

    private static string Say(ConsentVerdict verdict) => verdict switch
    {
        { Effect: Effect.Permit, Reference: { } reference } => "permit " + reference[(reference.IndexOf('#') + 1)..],
        { Effect: Effect.Deny, Reference: { } reference } => "deny " + reference[(reference.IndexOf('#') + 1)..],
        _ => "silent",
    };

    private static ConsentDirective? Read(string provision, string id = "c1", string status = "active", string policy = "", string scope = Privacy)
    {
        var json = $$"""
            {"resourceType":"Consent","id":"{{id}}","status":"{{status}}","scope":{{scope}},"category":[{"text":"c"}],
             "patient":{"reference":"Patient/clinic-a-1"}{{policy}},"provision":{{provision}}}
            """.Replace(",\"provision\":{}", "", StringComparison.Ordinal);
        return ConsentReader.Read((Hl7.Fhir.Model.Consent)new FhirJsonDeserializer().DeserializeResource(json)!, "clinic-a.1.1.0");
    }
}
