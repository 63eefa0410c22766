using System.Collections.Immutable;
using EdgeMesh.Services.Records.Consents;
using EdgeMesh.Services.Records.Resources;

namespace EdgeMesh.Services.Records.Tests.Consents;

public sealed class HoldingTermsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("Consent/c/_history/v#provision", "TREAT", true)]
    [InlineData("Consent/c/_history/v#provision", "HMARKT", false)]
    [InlineData("Consent/c/_history/v#provision?for=TREAT,HRESCH", "HRESCH", true)]
    [InlineData("Consent/c/_history/v#provision?for=TREAT,HRESCH", "HMARKT", false)]
    [InlineData("Consent/c/_history/v#provision?not=HMARKT", "HRESCH", true)]
    [InlineData("Consent/c/_history/v#provision?not=HMARKT", "HMARKT", false)]
    [InlineData("Consent/c/_history/v#provision?not=&when=later", "TREAT", false)]
    [InlineData("Consent/c/_history/v#provision?not=&until=soon", "TREAT", false)]
    [InlineData("site#not-personal", "HMARKT", true)]
    public void Allow_Purpose_IsWhatTheOwnerSaid(string terms, string purpose, bool allowed) =>
        Assert.Equal(allowed, HoldingTerms.Parse(terms).Allow(purpose, Now));

    [Fact]
    public void ToString_AnyTerms_ParseBack()
    {
        var terms = new HoldingTerms("Consent/c/_history/v#provision", true, ["a,b", "x&y", "?"], Now);
        var back = HoldingTerms.Parse(terms.ToString());

        Assert.Equal((terms.Reference, terms.AllBut, terms.Until), (back.Reference, back.AllBut, back.Until));
        Assert.Equal(terms.Purposes.AsEnumerable(), back.Purposes);
        Assert.True(back.Allow("TREAT", Now.AddTicks(-1)));
        Assert.False(back.Allow("TREAT", Now));
    }

    [Fact]
    public void Holding_OnePurposeEndsBeforeTheOther_AllowsWhatHoldsThroughoutUntilTheHoldingEnds()
    {
        var terms = Holding(
            Permit("TREAT", Now.AddDays(30)),
            Permit("HRESCH", Now.AddDays(10)),
            Permit("HPAYMT", null));

        Assert.Equal(Now.AddDays(30).AddTicks(1), terms!.Until);
        Assert.Equal((false, "HPAYMT,TREAT"), (terms.AllBut, string.Join(',', terms.Purposes)));
    }

    [Fact]
    public void Holding_APermitOfAllButOne_ExcludesThatOne()
    {
        var terms = Holding(new ConsentRule("provision", Effect.Permit) { Exceptions = [new ConsentRule("provision.provision[0]", Effect.Deny) { Purposes = ["HMARKT"] }] });

        Assert.Equal((true, "HMARKT", (DateTimeOffset?)null), (terms!.AllBut, string.Join(',', terms.Purposes), terms.Until));
    }

    [Fact]
    public void Holding_ADenyBegins_EndsIt() => Assert.Equal(Now.AddDays(5), Holding(
        Permit("TREAT", null),
        new ConsentRule("provision", Effect.Deny) { Period = new Period(Now.AddDays(5), null) })!.Until);

    private static ConsentRule Permit(string purpose, DateTimeOffset? end) => new("provision", Effect.Permit) { Purposes = [purpose], Period = new Period(null, end) };

    private static HoldingTerms? Holding(params ConsentRule[] roots)
    {
        ImmutableArray<ConsentDirective> directives = [.. roots.Select((r, i) => new ConsentDirective($"c{i}", "v", "p", r))];
        return SiteDisclosure.Holding(new ResourceFacts(["p"], ["N"]), "Observation", RecordsHost.Mesh.Find("clinic-b")!, Now, _ => directives) is { } text
            ? HoldingTerms.Parse(text)
            : null;
    }
}
