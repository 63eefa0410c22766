using CsCheck;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Resources;
using EdgeMesh.Services.Records.Search;
using Microsoft.Extensions.Options;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Tests.Indexing;

public sealed class TokenSearchTests
{
    private static readonly IndexTokens Tokens = new(new byte[32]);
    private static readonly SearchParameters Parameters = new();
    private static readonly IndexExtractor Extractor = new(Parameters, Tokens);
    private static readonly SearchParser Parser = new(Parameters, Tokens, Options.Create(new RecordsOptions()));
    private static readonly Gen<string?> Systems = Gen.Int[0, 4].Select(i => new[] { "http://loinc.org", "http://snomed.info/sct", "urn:a,b", "a|b", null }[i]);
    private static readonly Gen<string> Codes = Gen.Int[0, 5].Select(i => new[] { "a", "b", "a,b", "a|b", "a\\b", "A" }[i]);

    /// <summary>A token query says what the plain comparison of systems and codes says, whatever has to be escaped.</summary>
    [Fact]
    public void Token_AnyForm_MatchesAsPlainComparisonDoes() => Gen.Select(Systems, Codes, Systems, Codes, Gen.Int[0, 3]).Sample((system, code, wantedSystem, wantedCode, form) =>
    {
        var resource = new R4.Observation { Id = "x", Code = new R4.CodeableConcept(system!, code) };
        var (value, expected) = form switch
        {
            0 => (Escape(wantedCode), code == wantedCode),
            1 => ($"{Escape(wantedSystem ?? "")}|{Escape(wantedCode)}", code == wantedCode && system == wantedSystem),
            2 => ($"|{Escape(wantedCode)}", code == wantedCode && system is null),
            _ => ($"{Escape(wantedSystem ?? "none")}|", wantedSystem is not null && system == wantedSystem),
        };

        var (query, _) = Parser.Parse("Observation", [new("code", value)], lenient: false, "http://x");

        return query!.Matches(Extractor.Extract(resource, []), 0) == expected;
    });

    [Fact]
    public void Extract_Patient_IsAboutItselfAndLabelledNormal()
    {
        var entry = Extractor.Extract(new R4.Patient { Id = "p", Link = [new() { Other = new("Patient/q") }] }, []);

        Assert.Equal(["p"], entry.Facts.Patients);
        Assert.Equal(("Patient/p", "N"), (entry.Facts.KeyScope.Subject, entry.Facts.KeyScope.Class));
        Assert.True(entry.Has(Tokens.Compartment("p")));
    }

    [Fact]
    public void Extract_LabelledObservation_HasAClassOfItsOwn()
    {
        var observation = new R4.Observation
        {
            Id = "o",
            Subject = new("Patient/p"),
            Meta = new() { Security = [new("http://terminology.hl7.org/CodeSystem/v3-ActCode", "PSY"), new("http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "R")] },
        };

        var facts = Extractor.Extract(observation, []).Facts;

        Assert.Equal(["PSY", "R"], facts.Labels);
        Assert.Equal(("Patient/p", "PSY+R"), (facts.KeyScope.Subject, facts.KeyScope.Class));
    }

    [Fact]
    public void Extract_Practitioner_IsTheSites() =>
        Assert.Equal("site", Extractor.Extract(new R4.Practitioner { Id = "d" }, []).Facts.KeyScope.Subject);

    private static string Escape(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal).Replace("|", "\\|", StringComparison.Ordinal);
}
