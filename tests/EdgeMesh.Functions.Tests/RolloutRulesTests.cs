using CsCheck;

namespace EdgeMesh.Functions.Tests;

public sealed class RolloutRulesTests
{
    private static readonly DeployerKey Ops = DeployerKey.Create("ops");
    private static readonly DateTimeOffset Noon = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);
    private static readonly CanaryPlan Tenth = new(10, TimeSpan.FromMinutes(10), 5);

    private static readonly RolloutState Running = new("f") { Generation = 1, Phase = RolloutPhase.Steady, Stable = "one", Since = Noon };

    [Fact]
    public void Next_FirstDeployment_IsSteadyAtOnceAlsoWithACanary()
    {
        var state = RolloutRules.Next(new RolloutState("f"), Facts(Word(1, "one", Tenth)));
        Assert.Equal((RolloutPhase.Steady, "one", null), (state.Phase, state.Stable, state.Candidate));
    }

    [Fact]
    public void Next_Canary_GivesTheShareAndThenAll()
    {
        var word = Word(2, "two", Tenth);
        var canary = RolloutRules.Next(Running, Facts(word));
        Assert.Equal((RolloutPhase.Canary, "one", "two"), (canary.Phase, canary.Stable, canary.Candidate));
        Assert.Equal(("two", "one"), (RolloutRules.Choose(canary, word, 0.099), RolloutRules.Choose(canary, word, 0.1)));

        Assert.Equal(canary, RolloutRules.Next(canary, Facts(word, minutes: 9, candidate: new(100, 0, 100))));
        var done = RolloutRules.Next(canary, Facts(word, minutes: 10, candidate: new(100, 0, 100)));
        Assert.Equal((RolloutPhase.Steady, "two", null), (done.Phase, done.Stable, done.Candidate));
    }

    [Fact]
    public void Next_CanaryWithoutCalls_WaitsLonger()
    {
        var word = Word(2, "two", Tenth);
        var canary = RolloutRules.Next(Running, Facts(word));

        Assert.Equal(RolloutPhase.Canary, RolloutRules.Next(canary, Facts(word, minutes: 29)).Phase);
        Assert.Equal(RolloutPhase.Steady, RolloutRules.Next(canary, Facts(word, minutes: 30)).Phase);
    }

    [Theory]
    [InlineData(100, 6, 100, 0, RolloutPhase.RolledBack)]
    [InlineData(100, 5, 100, 0, RolloutPhase.Canary)]
    [InlineData(100, 30, 100, 28, RolloutPhase.Canary)]
    [InlineData(4, 4, 100, 0, RolloutPhase.Canary)]
    [InlineData(5, 5, 0, 0, RolloutPhase.RolledBack)]
    public void Next_CanaryThatFailsMore_IsRolledBack(int calls, int failed, int before, int failedBefore, RolloutPhase phase)
    {
        var word = Word(2, "two", Tenth);
        var canary = RolloutRules.Next(Running, Facts(word));
        var next = RolloutRules.Next(canary, Facts(word, minutes: 1, stable: new(before, failedBefore, before), candidate: new(calls, failed, calls)));

        Assert.Equal((phase, "one"), (next.Phase, next.Stable));
        Assert.Equal(phase == RolloutPhase.RolledBack ? "one" : "two", RolloutRules.Choose(next, word, 0));
    }

    [Fact]
    public void Next_CanaryThatIsMuchSlower_IsRolledBack()
    {
        var word = Word(2, "two", Tenth with { MaxSlowerPercent = 50 });
        var canary = RolloutRules.Next(Running, Facts(word));

        Assert.Equal(RolloutPhase.Canary, RolloutRules.Next(canary, Facts(word, stable: new(20, 0, 200), candidate: new(20, 0, 300))).Phase);
        Assert.Equal(RolloutPhase.RolledBack, RolloutRules.Next(canary, Facts(word, stable: new(20, 0, 200), candidate: new(20, 0, 301))).Phase);
    }

    [Fact]
    public void Next_CanaryAtOtherSites_WaitsForThem()
    {
        var word = Word(2, "two", Tenth with { Percent = 100, Sites = ["core"] });
        var waiting = RolloutRules.Next(Running, Facts(word));
        Assert.Equal((RolloutPhase.Waiting, "one"), (waiting.Phase, RolloutRules.Choose(waiting, word, 0)));

        Assert.Equal(waiting, RolloutRules.Next(waiting, Facts(word, peer: null)));
        Assert.Equal(waiting, RolloutRules.Next(waiting, Facts(word, peer: Running)));
        Assert.Equal("two", RolloutRules.Next(waiting, Facts(word, peer: Running with { Generation = 2, Stable = "two" })).Stable);
        Assert.Equal(RolloutPhase.RolledBack, RolloutRules.Next(waiting, Facts(word, peer: Running with { Generation = 2, Phase = RolloutPhase.RolledBack, Candidate = "two" })).Phase);
    }

    /// <summary>The site that tries first has another word of the same generation, or a later one: it did not try what is waited for here.</summary>
    [Theory]
    [InlineData(2, RolloutPhase.Steady, "zwei", null)]
    [InlineData(2, RolloutPhase.RolledBack, "one", "zwei")]
    [InlineData(3, RolloutPhase.Steady, "one", null)]
    [InlineData(3, RolloutPhase.RolledBack, "one", "three")]
    [InlineData(1, RolloutPhase.Steady, "two", null)]
    public void Next_WaitingForASiteThatTriedAnotherBundle_GoesOnWaiting(long generation, RolloutPhase phase, string stable, string? candidate)
    {
        var word = Word(2, "two", Tenth with { Percent = 100, Sites = ["core"] });
        var waiting = RolloutRules.Next(Running, Facts(word));

        Assert.Equal(waiting, RolloutRules.Next(waiting, Facts(word, peer: new RolloutState("f") { Generation = generation, Phase = phase, Stable = stable, Candidate = candidate })));
    }

    /// <summary>It may never try it, so who waited for it would wait for ever; but somebody must have tried it.</summary>
    [Theory]
    [InlineData("held", "it is held")]
    [InlineData("gone", "it is no site of this mesh")]
    [InlineData("not meant", "the function is not meant for it")]
    public void Next_WaitingForASiteThatDoesNotTryIt_GoesByTheOthers(string site, string why)
    {
        var word = Word(2, "two", Tenth with { Sites = ["core", "away"] });
        var away = site switch
        {
            "held" => new PeerRollout("away", RolloutRules.Hold(Running, "ada")),
            "gone" => new PeerRollout("away", null) { IsInMesh = false },
            _ => new PeerRollout("away", Running with { Generation = 2, Phase = RolloutPhase.Waiting, Candidate = "two" }),
        };
        var waiting = RolloutRules.Next(Running, Facts(word));

        Assert.Equal(waiting, RolloutRules.Next(waiting, Seen(new PeerRollout("core", Running), away)));
        Assert.Equal(waiting, RolloutRules.Next(waiting, Seen(away)));
        Assert.Equal([new AwaitedSite("core", "it has not begun"), new AwaitedSite("away", $"{why}, so it does not count")], RolloutRules.WaitsFor(waiting, [new PeerRollout("core", Running), away]));
        Assert.Equal(
            [new AwaitedSite("away", $"{why}, so nobody is left to try it: {(site == "held" ? "release it, or deploy" : "deploy")} again, with other canary sites or none")],
            RolloutRules.WaitsFor(waiting, [away]));
        var next = RolloutRules.Next(waiting, Seen(new PeerRollout("core", Running with { Generation = 2, Stable = "two" }), away));
        Assert.Equal((RolloutPhase.Steady, "two", "healthy at core"), (next.Phase, next.Stable, next.Reason));

        RolloutFacts Seen(params PeerRollout[] peers) => Facts(word) with { Peers = peers };
    }

    /// <summary>It says so, though nothing of it ever ran there: who waits for it knows no labels of other sites.</summary>
    [Fact]
    public void Next_CanaryAtASiteThatItIsNotMeantForAndThatRunsNothing_KeepsNobodyWaiting()
    {
        var word = Word(2, "two", Tenth with { Sites = ["core", "clinic-a"] });
        var elsewhere = Facts(word) with { RunsHere = false, IsForOthers = true };
        var left = RolloutRules.Next(new RolloutState("f"), elsewhere);
        Assert.Equal((RolloutPhase.Removed, null, 2L, true), (left.Phase, left.Stable, left.Generation, left.IsLeftOut));
        Assert.Equal(left, RolloutRules.Next(left, elsewhere with { Now = Noon.AddMinutes(1) }));

        var waiting = RolloutRules.Next(Running, Facts(word) with { Site = "clinic-b" });
        PeerRollout[] peers = [new("core", Running with { Generation = 2, Stable = "two" }), new("clinic-a", left)];
        Assert.Equal("two", RolloutRules.Next(waiting, Facts(word) with { Peers = peers }).Stable);
        Assert.Equal([new AwaitedSite("clinic-a", "the function is not meant for it, so it does not count")], RolloutRules.WaitsFor(waiting, peers));

        // Its labels change, or the next one is meant for it.
        Assert.Equal("two", RolloutRules.Next(left, Facts(word)).Stable);
        Assert.Equal("three", RolloutRules.Next(left, Facts(Word(3, "three", CanaryPlan.None))).Stable);
    }

    /// <summary>What it has shown stays shown.</summary>
    [Fact]
    public void Next_WaitingForASiteThatIsHeldAfterItTookTheCandidate_GoesOn()
    {
        var word = Word(2, "two", Tenth with { Sites = ["core"] });
        var waiting = RolloutRules.Next(Running, Facts(word));

        Assert.Equal("two", RolloutRules.Next(waiting, Facts(word, peer: RolloutRules.Hold(Running with { Generation = 2, Stable = "two" }, "ada"))).Stable);
    }

    [Theory]
    [InlineData(RolloutPhase.Canary, 2, "it is trying it")]
    [InlineData(RolloutPhase.Steady, 1, "it has not begun")]
    [InlineData(RolloutPhase.Steady, 3, "it went on to another deployment")]
    [InlineData(null, 0, "nothing was heard of it")]
    public void WaitsFor_SiteThatHasNotProvenTheCandidate_SaysHowFarItIs(RolloutPhase? phase, long generation, string why)
    {
        var word = Word(2, "two", Tenth with { Sites = ["core"] });
        var waiting = RolloutRules.Next(Running, Facts(word));
        var peer = phase is { } known ? Running with { Generation = generation, Phase = known, Candidate = known == RolloutPhase.Canary ? "two" : null } : null;

        Assert.Equal([new AwaitedSite("core", why)], RolloutRules.WaitsFor(waiting, [new PeerRollout("core", peer)]));
    }

    [Fact]
    public void Next_HeldSite_KeepsWhatItRunsUntilItIsReleased()
    {
        var held = RolloutRules.Hold(Running, "ada");
        var still = RolloutRules.Next(held, Facts(Word(5, "five", CanaryPlan.None)));
        Assert.Equal(held, still);

        var released = RolloutRules.Next(RolloutRules.Release(still, "ada"), Facts(Word(5, "five", CanaryPlan.None)));
        Assert.Equal(("five", 5L), (released.Stable, released.Generation));
    }

    [Fact]
    public void Next_HeldCanaryThatFails_IsRolledBackAllTheSame()
    {
        var word = Word(2, "two", Tenth);
        var held = RolloutRules.Hold(RolloutRules.Next(Running, Facts(word)), "ada");

        Assert.Equal(held, RolloutRules.Next(held, Facts(word, minutes: 999, candidate: new(100, 0, 100))));
        var back = RolloutRules.Next(held, Facts(word, candidate: new(100, 50, 100)));
        Assert.Equal((RolloutPhase.RolledBack, "one", true), (back.Phase, back.Stable, back.IsHeld));
    }

    /// <summary>Two deployers on two sides of a cut sign the same generation: whichever a site saw first, it ends at the one that is obeyed.</summary>
    [Theory]
    [InlineData(100)]
    [InlineData(10)]
    public void Next_TwoWordsOfOneGeneration_EndAtTheSameVersionInEitherOrder(int percent)
    {
        Deployment[] words = [Word(2, "two", Tenth with { Percent = percent }), Word(2, "zwei", Tenth with { Percent = percent })];
        var obeyed = words.Aggregate((a, b) => Deployment.Compare(a, b) > 0 ? a : b);
        foreach (var first in words)
        {
            var state = RolloutRules.Next(RolloutRules.Next(Running, Facts(first)), Facts(obeyed));
            state = RolloutRules.Next(state, Facts(obeyed, minutes: 30));
            Assert.Equal((RolloutPhase.Steady, obeyed.Bundle), (state.Phase, state.Stable));
        }
    }

    [Fact]
    public void Next_RemovalOfTheSameGeneration_EndsTheSameInEitherOrder()
    {
        var (two, gone) = (Word(2, "two", CanaryPlan.None), Deployment.Sign("f", 2, null, CanaryPlan.None, Ops));
        foreach (var (first, obeyed) in ((Deployment, Deployment)[])[(two, gone), (gone, two)])
        {
            var state = RolloutRules.Next(RolloutRules.Next(Running, Facts(first) with { RunsHere = first.Bundle is not null }), Facts(obeyed) with { RunsHere = obeyed.Bundle is not null });
            Assert.Equal(obeyed.Bundle, state.Stable);
        }
    }

    [Fact]
    public void Deadline_OfACanary_IsLaterWhileTooFewCallsAreToJudgeBy()
    {
        var word = Word(2, "two", Tenth);
        var canary = RolloutRules.Next(Running, Facts(word));

        Assert.Equal(Noon.AddMinutes(30), RolloutRules.Deadline(canary, Facts(word)));
        Assert.Equal(Noon.AddMinutes(10), RolloutRules.Deadline(canary, Facts(word, candidate: new(5, 0, 5))));
        Assert.Null(RolloutRules.Deadline(RolloutRules.Pause(canary, "ada"), Facts(word)));
        Assert.Null(RolloutRules.Deadline(Running, Facts(word)));
    }

    [Fact]
    public void Next_PausedCanary_EndsByHealthAloneUntilItIsResumed()
    {
        var word = Word(2, "two", Tenth);
        var paused = RolloutRules.Pause(RolloutRules.Next(Running, Facts(word)), "ada");

        Assert.Equal(paused, RolloutRules.Next(paused, Facts(word, minutes: 999, candidate: new(100, 0, 100))));
        Assert.Equal(RolloutPhase.RolledBack, RolloutRules.Next(paused, Facts(word, candidate: new(100, 50, 100))).Phase);
        var resumed = RolloutRules.Resume(paused, "ada", Noon.AddMinutes(999));
        Assert.Equal(RolloutPhase.Canary, RolloutRules.Next(resumed, Facts(word, minutes: 1008, candidate: new(100, 0, 100))).Phase);
        Assert.Equal(RolloutPhase.Steady, RolloutRules.Next(resumed, Facts(word, minutes: 1009, candidate: new(100, 0, 100))).Phase);
    }

    [Fact]
    public void Next_RollbackDuringACanary_IsAtOnce()
    {
        var canary = RolloutRules.Next(Running, Facts(Word(2, "two", Tenth)));
        var back = RolloutRules.Next(canary, Facts(Deployment.Sign("f", 3, "one", CanaryPlan.None, Ops, isRollback: true)));
        Assert.Equal((RolloutPhase.Steady, "one", null), (back.Phase, back.Stable, back.Candidate));
    }

    [Fact]
    public void Next_BundleThatIsNotHereYet_LetsTheOldOneGoOn()
    {
        var word = Word(2, "two", CanaryPlan.None);
        Assert.Equal(Running, RolloutRules.Next(Running, Facts(word) with { RunsHere = false }));
        Assert.Equal("two", RolloutRules.Next(Running, Facts(word)).Stable);
    }

    /// <summary>The site is no longer a target: what it runs would never be mended.</summary>
    [Fact]
    public void Next_BundleForOtherSitesAlone_EndsWhatRunsHereUntilOneIsForThisSiteAgain()
    {
        var elsewhere = Facts(Word(2, "two", CanaryPlan.None)) with { RunsHere = false, IsForOthers = true };
        var gone = RolloutRules.Next(Running, elsewhere);

        Assert.Equal((RolloutPhase.Removed, null, 2L), (gone.Phase, gone.Stable, gone.Generation));
        Assert.Equal(gone, RolloutRules.Next(gone, elsewhere with { Now = elsewhere.Now.AddMinutes(1) }));
        Assert.Equal("three", RolloutRules.Next(gone, Facts(Word(3, "three", CanaryPlan.None))).Stable);
    }

    /// <summary>Nobody knows yet whether what is tried elsewhere is any good.</summary>
    [Theory]
    [InlineData(RolloutPhase.Steady, RolloutPhase.Removed, null)]
    [InlineData(RolloutPhase.Canary, RolloutPhase.Waiting, "one")]
    [InlineData(RolloutPhase.RolledBack, RolloutPhase.RolledBack, "one")]
    public void Next_CanaryOfABundleForOtherSitesAlone_KeepsWhatRunsHereUntilItHasProvenItself(RolloutPhase there, RolloutPhase here, string? stable)
    {
        var word = Word(2, "two", Tenth with { Percent = 50, Sites = ["core"] });
        var waiting = RolloutRules.Next(Running, Facts(word, peer: Running) with { RunsHere = false, IsForOthers = true });
        Assert.Equal((RolloutPhase.Waiting, "one", "core try it first"), (waiting.Phase, RolloutRules.Choose(waiting, word, 0), waiting.Reason));

        var peer = Running with { Generation = 2, Phase = there, Stable = there == RolloutPhase.Steady ? "two" : "one", Candidate = there == RolloutPhase.Steady ? null : "two" };
        var next = RolloutRules.Next(waiting, Facts(word, peer: peer) with { RunsHere = false, IsForOthers = true });

        Assert.Equal((here, stable, here == RolloutPhase.Removed), (next.Phase, next.Stable, next.IsLeftOut));
    }

    [Fact]
    public void Next_BundleForOtherSitesAlone_LeavesAHeldSiteWhatItRuns()
    {
        var held = RolloutRules.Hold(Running, "ada");

        Assert.Equal(held, RolloutRules.Next(held, Facts(Word(2, "two", CanaryPlan.None)) with { RunsHere = false, IsForOthers = true }));
    }

    [Fact]
    public void Next_AnyCrash_GoesOnToTheSameEnd()
    {
        // Whatever is lost between two steps but what is stored, asking again changes nothing and leads to the same state.
        var words = Gen.Select(Gen.Long[1, 5], Gen.Int[0, 100], Gen.Bool, (generation, percent, rollback) =>
            Deployment.Sign("f", generation, $"b{generation}", new CanaryPlan(percent, TimeSpan.FromMinutes(1), 5), Ops, rollback)).Array[1, 8];
        words.Sample(all =>
        {
            var (state, latest) = (new RolloutState("f"), all[0]);
            foreach (var word in all)
            {
                latest = Deployment.Compare(word, latest) > 0 ? word : latest;
                state = RolloutRules.Next(state, Facts(latest));
                Assert.Equal(state, RolloutRules.Next(state, Facts(latest)));
                Assert.True(state.Generation <= latest.Generation && state.Stable is not null);
            }
        }, iter: 200);
    }

    private static Deployment Word(long generation, string bundle, CanaryPlan canary) => Deployment.Sign("f", generation, bundle, canary, Ops);

    private static RolloutFacts Facts(Deployment word, int minutes = 0, RolloutTally stable = default, RolloutTally candidate = default, RolloutState? peer = null) =>
        new("clinic-a", word, true, Noon.AddMinutes(minutes), [.. word.Canary.Sites.Select(s => new PeerRollout(s, peer))]) { Stable = stable, Candidate = candidate };
}
