using System.Collections.Immutable;
using CsCheck;
using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Alerting.Notices;
using EdgeMesh.Services.Monitor.Alerting.Rules;

namespace EdgeMesh.Services.Monitor.Tests.Alerting;

public sealed class NoticePlanTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch.AddYears(60);

    private readonly Random _random = new(1);
    private AlertRules _rules = new()
    {
        Rules = [Rules.Rule("disk", routes: ["duty", "mail"]), Rules.Rule("note", severity: Severity.Info, routes: ["duty"])],
        Routes = [new BindingRoute("duty", Severity.Info, "chat", "create")],
    };

    private AlertTable _table = new();
    private ImmutableArray<ToldGroup> _told = [];
    private int _now;

    private DateTimeOffset Now => Start.AddSeconds(_now);

    [Fact]
    public void NewAlerts_WaitForMoreOfTheirGroup_AndAreOneNotice()
    {
        At(0, "disk a");
        Assert.Empty(Due());
        At(9, "disk a", "disk b", "note c");
        Assert.Empty(Due());
        At(10, "disk a", "disk b", "note c");
        var notice = Assert.Single(Due());
        Assert.Equal(("duty", "disk", "a,b"), (notice.Route, notice.Group, Sites(notice.Firing)));
        At(19, "disk a", "disk b", "note c");
        Assert.Contains(Due(), n => n.Group == "note");
    }

    [Fact]
    public void WhatWasTold_IsNotToldAgain_UntilItIsNewsOrRepeated()
    {
        TellAt(10, "disk a");
        for (_now = 20; _now < 4 * 3600; _now += 500)
        {
            At(_now, "disk a");
            Assert.Empty(Due());
        }

        At((4 * 3600) + 10, "disk a");
        Assert.True(Assert.Single(Due()).IsRepeat);
    }

    [Fact]
    public void Repeats_AreBounded()
    {
        TellAt(10, "disk a");
        var repeats = 0;
        for (_now = 20; _now < 30 * 86_400; _now += 600)
        {
            At(_now, "disk a");
            foreach (var notice in Due())
            {
                Assert.True(notice.IsRepeat);
                repeats++;
                Sent(notice);
            }
        }

        Assert.Equal(_rules.Notices.MostRepeats, repeats);
    }

    [Fact]
    public void News_OfAToldGroup_WaitForTheInterval_AndTellWhatFiresAndWhatIsOver()
    {
        TellAt(10, "disk a", "disk b");
        At(20, "disk b", "disk c");
        At(69, "disk b", "disk c");
        Assert.Empty(Due());
        At(70, "disk b", "disk c");
        var notice = Assert.Single(Due());
        Assert.Equal(("b,c", "a", false), (Sites(notice.Firing), Sites(notice.Resolved), notice.IsRepeat));
    }

    [Fact]
    public void AlertThatIsOver_IsToldOnce_ToWhomItWasTold()
    {
        TellAt(10, "disk a");
        At(100);
        At(120);
        var notice = Assert.Single(Due());
        Assert.Equal(("", "a"), (Sites(notice.Firing), Sites(notice.Resolved)));
        Sent(notice);
        At(500);
        Assert.Empty(Due());
        Assert.Empty(_told);
    }

    [Fact]
    public void AlertThatWasNeverTold_IsNotToldWhenItIsOver()
    {
        At(0, "disk a");
        At(5);
        At(500);
        Assert.Empty(Due());
        Assert.Empty(_told);
    }

    [Fact]
    public void SilencedAlerts_AreNotToldNorRepeated_AndAreToldWhenTheSilenceEnds()
    {
        _table = _table.With(new Silence("s", "disk", null, null, "ada", "works", Start, Start.AddSeconds(1000)), Start)!;
        At(0, "disk a");
        At(999, "disk a");
        Assert.Empty(Due());
        At(1000, "disk a");
        At(1010, "disk a");
        Assert.Equal("a", Sites(Assert.Single(Due()).Firing));
    }

    [Fact]
    public void AlertThatWasToldAndThenSilenced_IsToldWhenItIsOver()
    {
        TellAt(10, "disk a");
        _table = _table.With(new Silence("s", "disk", null, null, "ada", "works", Now, Now.AddDays(1)), Now)!;
        At(50_000, "disk a");
        Assert.Empty(Due());
        At(50_010);
        At(50_020);
        Assert.Equal("a", Sites(Assert.Single(Due()).Resolved));
    }

    [Fact]
    public void FailedNotice_IsTriedAgainEverMoreRarely_ThenGivenUp_AndTellsHowThingsAreThen()
    {
        At(0, "disk a");
        At(10, "disk a");
        var (tries, pauses, last, givenUp) = (0, new List<int>(), 10, 0);
        while (givenUp == 0)
        {
            At(_now + 1, "disk a", "disk b");
            if (Due() is [var notice])
            {
                tries++;
                pauses.Add(_now - last);
                last = _now;
                Assert.Equal("a,b", Sites(notice.Firing));
                givenUp += Failed(notice) ? 1 : 0;
            }
        }

        Assert.InRange(_now, 86_400, 86_400 + 400);
        Assert.InRange(tries, 288, 700);
        Assert.All(pauses.Skip(1), p => Assert.InRange(p, 2, 301));
        Assert.InRange(pauses[2], 2, 11);
        At(_now + 1000, "disk a", "disk b");
        Assert.Empty(Due());
    }

    [Fact]
    public void RouteThatComesBack_IsToldHowThingsAreThen_InOneNotice()
    {
        At(0, "disk a");
        At(10, "disk a");
        Failed(Assert.Single(Due()));
        At(100, "disk b");
        At(7200, "disk b", "disk c");
        var notice = Assert.Single(Due());
        Assert.Equal(("b,c", ""), (Sites(notice.Firing), Sites(notice.Resolved)));
    }

    [Fact]
    public void Routes_GetWhatIsForThem()
    {
        _rules = _rules with { Routes = [new BindingRoute("duty", Severity.Warning, "c", "create"), new BindingRoute("mail", Severity.Info, "c", "create"), new BindingRoute("spare", Severity.Info, "c", "create")] };
        At(0, "disk a", "note b", "route-failing x duty");
        At(10, "disk a", "note b", "route-failing x duty");
        Assert.Equal(["duty disk", "mail disk", "mail route-failing", "spare route-failing"], Due().Select(n => $"{n.Route} {n.Group}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Groups_AreOfWhatThePolicySays()
    {
        _rules = _rules with { Notices = new() { GroupBy = [GroupKey.Site, GroupKey.Severity], Wait = TimeSpan.Zero } };
        At(0, "disk a", "disk b", "note b");
        Assert.Equal(["a warning", "b info", "b warning"], Due().Select(n => n.Group).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Notice_ListsTheWorstFirst_AndNoMoreThanPeopleRead()
    {
        _rules = _rules with { Notices = new() { GroupBy = [GroupKey.Site], Wait = TimeSpan.Zero } };
        At(0, [.. Enumerable.Range(0, 30).Select(i => $"note a {i}"), "disk a"]);
        var notice = Assert.Single(Due());
        Assert.Equal(Notice.MostListed, notice.Listed.Count());
        Assert.Equal("disk", notice.Listed.First().Rule);
        Assert.Equal(11, notice.NotListed);
        Assert.Equal("[warning] a: 31 firing", notice.Title);
        Assert.Contains("and 11 more", notice.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void Notice_WithLineBreaksInNames_HasNoLinesOfTheirMaking()
    {
        _rules = _rules with { Notices = new() { GroupBy = [GroupKey.Service], Wait = TimeSpan.Zero } };
        _table = _table.Next(new([new Finding(_rules.Rules[0], "a", "evil\r\nBcc: all@example.org", "", "1\n2", "", "/")], []), "", Now);
        var notice = Assert.Single(Due());
        Assert.DoesNotContain('\n', notice.Title);
        Assert.DoesNotContain("\nBcc", notice.Text, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', notice.Text);
    }

    /// <summary>Whatever fires, ends, fails and comes back: in the end the route knows what is so, and notices were bounded.</summary>
    [Fact]
    public void Route_WhateverHappens_KnowsHowThingsAreInTheEnd() => Gen.Select(Gen.Int[0, 7].Array[1, 60], Gen.Bool.Array[60]).Sample((states, works) =>
    {
        var plan = new NoticePlanTests();
        var (known, notices) = (new HashSet<string>(), 0);
        for (var i = 0; i < states.Length + 20; i++)
        {
            var on = states[Math.Min(i, states.Length - 1)];
            plan.At(i * 15, [.. Enumerable.Range(0, 3).Where(bit => (on & (1 << bit)) != 0).Select(bit => $"disk s{bit}")]);
            foreach (var notice in plan.Due())
            {
                if (i >= states.Length || works[i])
                {
                    notices++;
                    known.UnionWith(notice.Firing.Select(a => a.Site));
                    known.ExceptWith(notice.Resolved.Select(a => a.Site).Except(notice.Firing.Select(a => a.Site)));
                    plan.Sent(notice);
                }
                else
                {
                    plan.Failed(notice);
                }
            }
        }

        Assert.Equal(plan._table.Active.Where(a => a.State == AlertState.Firing).Select(a => a.Site).Order(), known.Order());
        Assert.InRange(notices, 0, ((states.Length + 20) * 15 / 60) + 2);
    });

    /// <summary>Such things are wrong: rule, site, and perhaps a subject.</summary>
    private void At(int second, params string[] wrong)
    {
        _now = second;
        var findings = wrong.Select(w => w.Split(' ')).Select(w =>
            new Finding(_rules.Rules.FirstOrDefault(r => r.Name == w[0]) ?? Rules.Rule(w[0]), w[1], "", w.Length > 2 ? w[2] : "", "", "", "/"));
        _table = _table.Next(new([.. findings], []), "", Now);
        (_, _told) = NoticePlan.Due(_table, _told, _rules, Now);
    }

    private IReadOnlyList<Notice> Due() => NoticePlan.Due(_table, _told, _rules, Now).Due;

    private void TellAt(int second, params string[] wrong)
    {
        At(0, wrong);
        At(second, wrong);
        foreach (var notice in Due())
        {
            Sent(notice);
        }
    }

    private void Sent(Notice notice) => Replace(NoticePlan.Sent(Group(notice), notice, Now));

    private bool Failed(Notice notice)
    {
        var (group, givenUp) = NoticePlan.Failed(Group(notice), notice, _rules.Notices, _random, Now);
        Replace(group);
        return givenUp;
    }

    private ToldGroup Group(Notice notice) => _told.Single(t => t.Route == notice.Route && t.Group == notice.Group);

    private void Replace(ToldGroup group) => _told = [.. _told.Where(t => t.Route != group.Route || t.Group != group.Group), group];

    private static string Sites(IEnumerable<Alert> alerts) => string.Join(",", alerts.Select(a => a.Site).Order(StringComparer.Ordinal));
}
