using System.Collections.Immutable;
using CsCheck;
using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Alerting.Rules;

namespace EdgeMesh.Services.Monitor.Tests.Alerting;

public sealed class AlertTableTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(60);
    private static readonly AlertRule Rule = Rules.Rule("disk", forSeconds: 60, keepSeconds: 30);

    [Fact]
    public void Alert_IsPendingUntilItHeldForLongEnough_ThenFires_ThenIsOver()
    {
        var table = Look(new(), 0, On("a"));
        Assert.Equal(AlertState.Pending, Assert.Single(table.Active).State);
        table = Look(table, 59, On("a"));
        Assert.Equal(AlertState.Pending, table.Active[0].State);
        table = Look(table, 60, On("a"));
        Assert.Equal((AlertState.Firing, Start, Start.AddSeconds(60)), (table.Active[0].State, table.Active[0].Since, table.Active[0].FiringSince!.Value));
        table = Look(table, 89);
        Assert.Equal(AlertState.Firing, table.Active[0].State);
        table = Look(table, 90);
        Assert.Empty(table.Active);
        Assert.Equal((AlertState.Resolved, Start.AddSeconds(90)), (table.History[0].State, table.History[0].ResolvedAt!.Value));
    }

    [Fact]
    public void PendingAlert_ThatDoesNotHold_IsForgotten_AndBeginsAnew()
    {
        var table = Look(Look(Look(new(), 0, On("a")), 30), 40, On("a"));
        Assert.Equal(Start.AddSeconds(40), table.Active[0].Since);
        Assert.Equal(AlertState.Pending, Look(table, 61, On("a")).Active[0].State);
        Assert.Empty(table.History);
    }

    [Fact]
    public void FiringAlert_ThatComesAndGoes_StaysOne()
    {
        var table = Look(Look(new(), 0, On("a")), 60, On("a"));
        var id = table.Active[0].Id;
        for (var second = 80; second < 1000; second += 40)
        {
            table = Look(Look(table, second), second + 20, On("a"));
        }

        Assert.Equal(id, Assert.Single(table.Active).Id);
        Assert.Empty(table.History);
    }

    [Fact]
    public void RuleThatCouldNotBeLookedAt_LeavesItsAlertsAsTheyAre()
    {
        var table = Look(Look(new(), 0, On("a"), On("b")), 60, On("a"));
        var after = table.Next(new([], ["disk"]), "", Start.AddSeconds(5000));
        Assert.Equal(table.Active.Select(a => (a.Id, a.State)), after.Active.Select(a => (a.Id, a.State)));
    }

    [Fact]
    public void AlertsOfDifferentThings_AreDifferent_AndTheNextTimeAnother()
    {
        var table = Look(new(), 0, On("a"), On("b"), On("a", "records"), On("a", "records", "x"));
        Assert.Equal(4, table.Active.Select(a => a.Id).Distinct().Count());
        Assert.NotEqual(Look(new(), 0, On("a")).Active[0].Id, Look(new(), 1, On("a")).Active[0].Id);
    }

    [Fact]
    public void Alert_CarriesWhatWasExpectedWhatCame_AndTheConsolesView()
    {
        var alert = new AlertTable().Next(new([On("a") with { Observed = "3 %", Expected = "15 %" }], []), "https://x/console", Start).Active[0];
        Assert.Equal(("disk of a: 3 %, not 15 %", "3 %", "15 %", "https://x/console/sites/a"), (alert.Summary, alert.Observed, alert.Expected, alert.ConsoleUrl));
    }

    [Fact]
    public void Silence_CoversWhatMatchesAllOfIt_UntilItEnds()
    {
        var table = Look(new(), 0, On("a"), On("b"), On("ab", "records"));
        var silenced = table.With(Quiet("di*", "a*", null, 600), Start)!;
        Assert.Equal(["a", "ab"], silenced.Active.Where(a => a.SilencedUntil == Start.AddSeconds(600)).Select(a => a.Site));
        Assert.Equal(2, Look(silenced, 599, On("a"), On("b"), On("ab", "records")).Active.Count(a => a.SilencedUntil is not null));
        var after = Look(silenced, 600, On("a"), On("b"), On("ab", "records"));
        Assert.DoesNotContain(after.Active, a => a.SilencedUntil is not null);
        Assert.Empty(after.Silences);
        Assert.DoesNotContain(silenced.WithoutSilence("s", Start)!.Active, a => a.SilencedUntil is not null);
    }

    [Theory]
    [InlineData(null, null, null, "ada", "why", 60, "Name a rule")]
    [InlineData("*", null, "*", "ada", "why", 60, "Name a rule")]
    [InlineData("disk", null, null, "", "why", 60, "Say who")]
    [InlineData("disk", null, null, "ada", " ", 60, "Say who")]
    [InlineData("disk", null, null, "ada", "why", 0, "It must end after now")]
    [InlineData("disk", null, null, "ada", "why", 2_592_001, "within 30 days")]
    [InlineData(null, null, "records", "ada", "why", 2_592_000, null)]
    public void Silence_ThatSaysTooLittleOrTooMuch_IsRefused(string? rule, string? site, string? service, string by, string why, int seconds, string? fault)
    {
        var found = new Silence("s", rule, site, service, by, why, Start, Start.AddSeconds(seconds)).Fault(Start);
        Assert.Equal(fault is null, found is null);
        Assert.Contains(fault ?? "", found ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void Table_IsBounded()
    {
        var table = Look(new(), 0, [.. Enumerable.Range(0, 1000).Select(i => On($"s{i}"))]);
        Assert.Equal(AlertTable.MostActive, table.Active.Length);
        for (var i = 0; i < 5; i++)
        {
            table = Look(Look(table, (i * 200) + 60, [.. Enumerable.Range(0, 1000).Select(n => On($"s{n}"))]), (i * 200) + 150);
            table = Look(table, (i * 200) + 151, [.. Enumerable.Range(0, 1000).Select(n => On($"s{n}"))]);
        }

        Assert.Equal(AlertTable.MostHistory, table.History.Length);
    }

    [Fact]
    public void Silences_AsManyAsAreKept_NoneIsEndedForAnother_UntilOneIsOver()
    {
        var table = new AlertTable();
        for (var i = 0; i < AlertTable.MostSilences; i++)
        {
            table = table.With(Quiet("disk", null, null, 1000 + i) with { Id = $"{i}" }, Start)!;
        }

        Assert.Null(table.With(Quiet("disk", null, null, 5000), Start));
        Assert.Equal(AlertTable.MostSilences, table.With(Quiet("disk", null, null, 5000), Start.AddSeconds(1000))!.Silences.Length);
        Assert.NotNull(table.WithoutSilence("7", Start)!.With(Quiet("disk", null, null, 5000), Start));
        Assert.Null(table.WithoutSilence("unknown", Start));
    }

    [Fact]
    public void FullTable_MakesRoomForWhatIsMoreSevere_AndSaysHowManyAreLeftOut()
    {
        var minor = Enumerable.Range(0, AlertTable.MostActive).Select(i => On($"s{i}")).ToArray();
        var critical = On("core") with { Rule = Rule with { Name = "core-gone", Severity = Severity.Critical } };
        var table = Look(Look(new(), 0, minor), 60, minor);

        table = Look(table, 61, [.. minor, critical]);

        Assert.Equal(AlertTable.MostActive, table.Active.Length);
        Assert.Contains(table.Active, a => a.Rule == "core-gone");
        Assert.Equal(1, table.LeftOut);
        Assert.Empty(table.History);
        Assert.Equal(table.Active.Select(a => a.Id), Look(table, 62, [.. minor, critical]).Active.Select(a => a.Id));
        Assert.Equal(0, Look(table, 63, minor[..5]).LeftOut);
    }

    [Fact]
    public void FullTable_MakesRoomFirstByWhatDoesNotHoldAnyMore_WhichIsOver()
    {
        var minor = Enumerable.Range(0, AlertTable.MostActive).Select(i => On($"s{i}")).ToArray();
        var table = Look(Look(new(), 0, minor), 60, minor);

        table = Look(table, 65, [.. minor[1..], On("new")]);

        Assert.Contains(table.Active, a => a.Site == "new");
        Assert.Equal(0, table.LeftOut);
        Assert.Equal(("s0", AlertState.Resolved), (Assert.Single(table.History).Site, table.History[0].State));
    }

    [Fact]
    public void Alert_HoweverItsConditionGoes_FiresOnlyAfterHoldingLongEnough() => Gen.Bool.Array[1, 80].Sample(holds =>
    {
        var (table, heldSince) = (new AlertTable(), -1);
        for (var i = 0; i < holds.Length; i++)
        {
            var wasFiring = table.Active.Any(a => a.State == AlertState.Firing);
            heldSince = !holds[i] ? -1 : heldSince < 0 ? i : heldSince;
            table = holds[i] ? Look(table, i * 20, On("a")) : Look(table, i * 20);
            var isFiring = table.Active.Any(a => a.State == AlertState.Firing);
            Assert.Equal(isFiring && !wasFiring, !wasFiring && holds[i] && (i - heldSince) * 20 >= 60);
            Assert.True(!wasFiring || isFiring || table.History[^1].ResolvedAt == Start.AddSeconds(i * 20));
        }
    });

    private static Finding On(string site, string service = "", string subject = "") => new(Rule, site, service, subject, "3 %", "15 %", $"/sites/{site}");

    private static Silence Quiet(string? rule, string? site, string? service, int seconds) => new("s", rule, site, service, "ada", "works", Start, Start.AddSeconds(seconds));

    private static AlertTable Look(AlertTable table, int second, params Finding[] findings) => table.Next(new Evaluation(findings, []), "", Start.AddSeconds(second));
}
