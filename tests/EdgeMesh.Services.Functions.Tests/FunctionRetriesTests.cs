using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Services.Functions.Triggers;
using EdgeMesh.Services.Functions.Triggers.Retries;
using EdgeMesh.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Functions.Tests;

public sealed class FunctionRetriesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly RetryPlan Plan = new(3, null);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Take_WhileAsManyAreParkedAsMayBe_RefusesEachAndSaysSoOnce()
    {
        await using var site = await FunctionsSite.StartAsync();
        // As a version before kept them: one write instead of thousands.
        var before = new ParkedHead(0, [.. Enumerable.Range(0, 1_000).Select(i => ParkedCall.Of(Call($"before-{i}"), Plan, 1, DateTimeOffset.MaxValue))]);
        await site.Host.Services(FunctionsApp.AppId).GetRequiredService<DaprClient>().SaveByteStateAsync(
            "heads", $"{FunctionsSite.Site}/functions/parked/full", JsonSerializer.SerializeToUtf8Bytes(before, RetriesJson.Default.ParkedHead), cancellationToken: Cancellation);
        var told = new Told();
        await using var retries = site.Retries("full", TimeProvider.System, told);

        for (var i = 0; i < 3; i++)
        {
            Assert.False(await retries.TakeAsync(Call($"{i}"), Plan, () => Task.FromResult<CallResult?>(CallResult.NotStarted(CallOutcome.HostFailed, "")), isShared: true, Cancellation));
        }

        Assert.Contains("1000 calls are parked", Assert.Single(told.All), StringComparison.Ordinal);
        Assert.Equal(before.Calls!.Select(c => c.IdempotencyKey), (await site.Parked("full").LoadAsync(Cancellation)).Calls.Select(c => c.IdempotencyKey));
    }

    /// <summary>Brought twice, as a broker may: the one that was parked first is seen to.</summary>
    [Fact]
    public async Task Take_CallThatIsUnderWayTwice_IsNotMadeAgainWhileTheFirstRuns()
    {
        var clock = new FakeTimeProvider(Noon);
        await using var site = await FunctionsSite.StartAsync();
        await using var retries = site.Retries("twice", clock);
        retries.Start();
        TaskCompletionSource<CallResult?>[] calls = [new(), new()];
        var started = 0;
        var taken = Task.WhenAll(calls.Select((call, at) => retries.TakeAsync(Call("m", $"{at}"), Plan, () => Start(call), isShared: true, Cancellation)));
        // One that came after the other is parked would not be begun at all.
        await MovedClock.UntilAsync(() => Volatile.Read(ref started) == 2);
        await clock.AdvanceUntilAsync(() => taken.IsCompleted);
        Assert.All(await taken, Assert.True);

        // Either may be the first.
        var watched = int.Parse(Assert.Single((await site.Parked("twice").LoadAsync(Cancellation)).Calls).Environment["at"], CultureInfo.InvariantCulture);
        calls[1 - watched].SetResult(CallResult.NotStarted(CallOutcome.HostFailed, ""));
        var steps = 0;
        await clock.AdvanceUntilAsync(() => ++steps > 30);
        Assert.DoesNotContain(site.Host.Calls.All, c => c is { Kind: CallKind.StateRead, To: "bodies" });
        calls[watched].SetResult(CallResult.NotStarted(CallOutcome.HostFailed, ""));
        await clock.AdvanceUntilAsync(() => site.Host.Calls.All.Any(c => c is { Kind: CallKind.StateRead, To: "bodies" }));

        Task<CallResult?> Start(TaskCompletionSource<CallResult?> call)
        {
            Interlocked.Increment(ref started);
            return call.Task;
        }
    }

    /// <summary>The store wrote the row of a call that is under way, and said that it failed; maybe it can't be asked either.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Take_RowThatStandsThoughItsWriteFailed_IsThatOfTheCallUnderWay(int failedReads)
    {
        var clock = new FakeTimeProvider(Noon);
        await using var site = await FunctionsSite.StartAsync();
        await using var retries = site.Retries("lost", clock);
        retries.Start();
        var running = new TaskCompletionSource<CallResult?>();
        site.Host.Faults.LoseAnswer(c => c.Kind == CallKind.StateWrite && c.Name.EndsWith("/lost/0", StringComparison.Ordinal), times: 1);
        site.Host.Faults.Fail(c => c is { Kind: CallKind.StateRead, To: "heads" } && Failed(CallKind.StateWrite) == 1, times: failedReads);
        var taken = retries.TakeAsync(Call("m"), Plan, () => running.Task, isShared: true, Cancellation);
        await clock.AdvanceUntilAsync(() => Failed(CallKind.StateWrite) == 1 && Failed(CallKind.StateRead) == failedReads);

        // Another that is parked has all of them looked at.
        Assert.True(await retries.TakeAsync(Call("other"), Plan, () => Task.FromResult<CallResult?>(CallResult.NotStarted(CallOutcome.HostFailed, "")), isShared: false, Cancellation));
        var steps = 0;
        await clock.AdvanceUntilAsync(() => ++steps > 30);
        Assert.Empty(Tried());
        running.SetResult(CallResult.NotStarted(CallOutcome.Completed, ""));
        Assert.True(await taken);
        await clock.AdvanceUntilAsync(() => Tried().Any());
        Assert.Equal("other", Assert.Single((await site.Parked("lost").LoadAsync(Cancellation)).Calls).IdempotencyKey);

        int Failed(CallKind kind) => site.Host.Calls.All.Count(c => c.Kind == kind && c.Failure is not null);
        IEnumerable<DaprCall> Tried() => site.Host.Calls.All.Where(c => c is { Kind: CallKind.StateRead, To: "bodies" });
    }

    /// <summary>A timer may strike once more while it is ended.</summary>
    [Fact]
    public async Task Sleep_WhoseTimerStrikesAfterItsEnd_HarmsNobody()
    {
        var clock = new LateTimers();
        await using var site = await FunctionsSite.StartAsync();
        await using var retries = site.Retries("late", clock);
        retries.Start();
        await MovedClock.UntilAsync(() => !clock.Timers.IsEmpty);
        Assert.True(clock.Timers.TryPeek(out var sleep));
        Assert.True(await retries.TakeAsync(Call("m"), Plan, () => Task.FromResult<CallResult?>(CallResult.NotStarted(CallOutcome.Busy, "")), isShared: true, Cancellation));
        await MovedClock.UntilAsync(() => clock.Timers.Count >= 2);

        sleep.Strike();
    }

    /// <summary>A queue that is full may be free in a moment, unlike a function that does not run.</summary>
    [Fact]
    public async Task Call_ThatFindsTheQueueFull_IsTriedAgainSoon()
    {
        var clock = new LateTimers();
        await using var site = await FunctionsSite.StartAsync();
        await using var retries = site.Retries("busy", clock);
        var running = new TaskCompletionSource<CallResult?>();
        var taken = retries.TakeAsync(Call("m"), Plan, () => running.Task, isShared: true, Cancellation);
        await MovedClock.UntilAsync(() => !clock.Timers.IsEmpty);
        Assert.True(clock.Timers.TryPeek(out var patience));
        patience.Strike();
        Assert.True(await taken);

        retries.Start();
        running.SetResult(CallResult.NotStarted(CallOutcome.Busy, ""));
        await MovedClock.UntilAsync(() => clock.Timers.Any(t => t.Due == TimeSpan.FromMilliseconds(100)));
    }

    /// <summary>Its timers strike when the test says so.</summary>
    private sealed class LateTimers : TimeProvider
    {
        public ConcurrentQueue<(TimeSpan Due, Action Strike)> Timers { get; } = new();

        public override DateTimeOffset GetUtcNow() => Noon;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Timers.Enqueue((dueTime, () => callback(state)));
            return new Timer();
        }

        private sealed class Timer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }

    private static TriggeredCall Call(string key, string at = "") => new(TriggerNames.Topic, key, "1"u8.ToArray(), new Dictionary<string, string> { ["at"] = at });

    private sealed class Told : ILogger
    {
        private readonly ConcurrentQueue<string> _all = new();

        public IReadOnlyCollection<string> All => _all;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => _all.Enqueue(formatter(state, exception));
    }
}
