using EdgeMesh.Functions.Scheduling;

namespace EdgeMesh.Functions.Tests;

/// <summary>The order of calls, on the test's own thread.</summary>
public sealed class FairSchedulerTests
{
    private readonly FairScheduler _scheduler = new(new SandboxOptions { Concurrency = 1_000, QueueLimit = 1_000, MemoryBytes = long.MaxValue }, TimeProvider.System, static () => { });

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Take_BurstOfOne_TheOthersCallIsNextButOne()
    {
        var (burst, other) = (Queue("burst"), Queue("other"));
        Enqueue(burst, 100);
        Take();
        Enqueue(other, 1);

        Assert.Contains("other", new[] { Take(), Take() });
    }

    [Fact]
    public void Take_WeightsOneAndFour_AreServedOneToFour()
    {
        var (light, heavy) = (Queue("light", weight: 1), Queue("heavy", weight: 4));
        Enqueue(light, 200);
        Enqueue(heavy, 200);

        var served = Enumerable.Range(0, 100).Select(_ => Take()).CountBy(n => n).ToDictionary();

        Assert.InRange(served["heavy"], 78, 82);
    }

    /// <summary>All others have had the same, and came before.</summary>
    [Fact]
    public void Take_FunctionOfMoreWeightThatCallsRarely_IsNext()
    {
        var others = Enumerable.Range(0, 10).Select(i => Queue($"other-{i}", weight: 1)).ToArray();
        foreach (var other in others)
        {
            Enqueue(other, 10);
        }

        for (var i = 0; i < 15; i++)
        {
            Take();
        }

        Enqueue(Queue("rare", weight: 2), 1);
        Assert.Equal("rare", Take());
    }

    [Fact]
    public void Take_FunctionAtItsConcurrency_LetsOthersPass()
    {
        var (slow, other) = (Queue("slow", concurrency: 2), Queue("other"));
        Enqueue(slow, 10);
        var first = _scheduler.Take()!.Value;
        Assert.Equal(["slow", "slow"], [first.Queue.Module.Digest, Take()]);
        Enqueue(other, 2);

        Assert.Equal(["other", "other"], [Take(), Take()]);
        _scheduler.Finished(slow, first.Call, TimeSpan.FromMilliseconds(1));
        Assert.Equal("slow", Take());
    }

    [Theory]
    [InlineData(1, 1, 10, 0.5)]
    [InlineData(1, 4, 10, 0.2)]
    [InlineData(4, 1, 10, 0.8)]
    [InlineData(1, 1, 0.1, 0.5)]
    public void Take_CallsOfUnequalCost_DivideTheTimeByWeight(int weight, int otherWeight, double cost, double share)
    {
        var (function, other) = (Queue("function", weight), Queue("other", otherWeight));
        Enqueue(function, 500);
        Enqueue(other, 500);

        var used = new Dictionary<string, double> { ["function"] = 0, ["other"] = 0 };
        for (var i = 0; i < 300; i++)
        {
            var (queue, call) = _scheduler.Take()!.Value;
            var milliseconds = queue == function ? cost : 1;
            used[queue.Module.Digest] += milliseconds;
            _scheduler.Finished(queue, call, TimeSpan.FromMilliseconds(milliseconds));
        }

        Assert.InRange(used["function"] / used.Values.Sum(), share - 0.05, share + 0.05);
    }

    /// <summary>What a function's first call costs nobody can know: the others get as much before its second.</summary>
    [Fact]
    public void Finished_CallThatTookLonger_LetsTheOthersCatchUp()
    {
        var (slow, quick) = (Queue("slow"), Queue("quick"));
        Enqueue(slow, 100);
        Enqueue(quick, 100);
        Assert.Equal("slow", TakeAndFinish(milliseconds: 20));

        Assert.All(Enumerable.Range(0, 20).Select(_ => TakeAndFinish()).ToArray(), name => Assert.Equal("quick", name));
        Assert.Contains("slow", Enumerable.Range(0, 5).Select(_ => TakeAndFinish()));
    }

    /// <summary>Calls whose callers gave up are no measure of what the next takes, and cost nobody anything.</summary>
    [Fact]
    public void Finished_CallThatWasNotRun_IsNotChargedAndTeachesNothing()
    {
        var (function, other) = (Queue("function"), Queue("other"));
        Enqueue(function, 11);
        TakeAndFinish(milliseconds: 20);
        var (usual, had) = (function.UsualCost, function.Pass);
        Enqueue(other, 1);
        for (var i = 0; i < 10; i++)
        {
            var (queue, call) = _scheduler.Take()!.Value;
            _scheduler.Finished(queue, call, queue == other ? TimeSpan.FromMilliseconds(30) : null);
        }

        Assert.Equal(usual, function.UsualCost);
        Assert.Equal(had, function.Pass, precision: 9);
    }

    [Fact]
    public void Take_FunctionThatWorkedWhileNobodyElseCalled_OwesNothing()
    {
        var (worker, other) = (Queue("worker"), Queue("other"));
        Enqueue(worker, 1);
        TakeAndFinish(milliseconds: 20);
        Enqueue(other, 50);
        Enqueue(worker, 50);

        Assert.Contains("worker", Enumerable.Range(0, 5).Select(_ => TakeAndFinish()));
    }

    [Fact]
    public async Task Enqueue_MoreThanTheQueueHolds_IsBusyAtOnce()
    {
        var queue = Queue("small", limit: 3);
        Enqueue(queue, 3);

        var refused = await _scheduler.Enqueue(queue, new CallInput(), Cancel);

        Assert.Equal(CallOutcome.Busy, refused.Outcome);
    }

    [Fact]
    public async Task Remove_WhatWaits_IsRefusedAndNothingOfItIsTaken()
    {
        var (gone, other) = (Queue("gone"), Queue("other"));
        var waiting = _scheduler.Enqueue(gone, new CallInput(), Cancel);
        Enqueue(other, 1);

        _scheduler.Remove(gone);

        Assert.Equal(CallOutcome.Canceled, (await waiting).Outcome);
        Assert.Equal("other", Take());
        Assert.Equal(CallOutcome.Canceled, (await _scheduler.Enqueue(gone, new CallInput(), Cancel)).Outcome);
    }

    [Fact]
    public void Take_FunctionThatWasIdle_HasNotSavedUp()
    {
        var (busy, idle) = (Queue("busy"), Queue("idle"));
        Enqueue(busy, 100);
        for (var i = 0; i < 50; i++)
        {
            Take();
        }

        Enqueue(idle, 50);

        Assert.InRange(Enumerable.Range(0, 20).Count(_ => Take() == "idle"), 9, 11);
    }

    private FunctionQueue Queue(string name, int weight = 10, int concurrency = 1_000, int limit = 1_000) =>
        new(new FunctionModule(null!, name, _ => { }), new FunctionShare { Weight = weight, Concurrency = concurrency, QueueLimit = limit });

    private void Enqueue(FunctionQueue queue, int calls)
    {
        for (var i = 0; i < calls; i++)
        {
            _ = _scheduler.Enqueue(queue, new CallInput(), Cancel);
        }
    }

    /// <summary>Whose call was next; it took so long.</summary>
    private string TakeAndFinish(double milliseconds = 1)
    {
        var (queue, call) = _scheduler.Take()!.Value;
        _scheduler.Finished(queue, call, TimeSpan.FromMilliseconds(milliseconds));
        return queue.Module.Digest;
    }

    private string Take() => _scheduler.Take()!.Value.Queue.Module.Digest;
}
