using EdgeMesh.Functions.Scheduling;

namespace EdgeMesh.Functions.Tests;

public sealed class FairSchedulerTests
{
    private readonly FairScheduler _scheduler = new(1_000, TimeProvider.System);

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
        Assert.Equal(["slow", "slow"], [Take(), Take()]);
        Enqueue(other, 2);

        Assert.Equal(["other", "other"], [Take(), Take()]);
        _scheduler.Finished(slow);
        Assert.Equal("slow", Take());
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

    private string Take() => _scheduler.Take()!.Value.Queue.Module.Digest;
}
