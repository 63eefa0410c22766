using EdgeMesh.Sidecar.BuildingBlocks.State;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.StateInMemory;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Metrics;

/// <summary>What is measured of stores under the name of OpenTelemetry's semantic conventions.</summary>
public sealed class StoreMetricsTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public async Task Calls_AreTimedInSeconds_ByWhatTheyAskFor()
    {
        using var measured = new Measured("store.whole");
        await using var runtime = Runtime("store.whole", new MemoryStateStore(_clock));
        var scope = StateBlock.Open(runtime.App, "store");
        var write = new StateWrite("k", "1"u8.ToArray());
        await StateBlock.SaveAsync(scope, [write], TestSidecar.Cancellation);
        await StateBlock.GetAsync(scope, "k", TestSidecar.Cancellation);
        await StateBlock.GetManyAsync(scope, ["k", "l"], TestSidecar.Cancellation);
        await StateBlock.TransactAsync(scope, [write], default, TestSidecar.Cancellation);
        await StateBlock.DeleteAsync(scope, new StateWrite("k", null), TestSidecar.Cancellation);
        Assert.Equal(
            new[] { "bulk_get", "delete", "get", "set", "transaction" }.Select(o => $"db.client.operation.duration 0 db.operation.name={o} db.system.name=store.whole edgemesh.component=store"),
            measured.All);
    }

    [Fact]
    public async Task Call_OfAStoreThatFails_SaysOfWhichClassItsOwnErrorIs()
    {
        using var measured = new Measured("store.broken");
        await using var runtime = Runtime("store.broken", new BrokenStore(() => _clock.Advance(TimeSpan.FromMilliseconds(250))));
        var scope = StateBlock.Open(runtime.App, "store");
        await Assert.ThrowsAsync<DaprFault>(() => StateBlock.SaveAsync(scope, [new StateWrite("k", "1"u8.ToArray())], TestSidecar.Cancellation));
        await Assert.ThrowsAsync<DaprFault>(async () => await StateBlock.GetAsync(scope, "k", TestSidecar.Cancellation));
        Assert.Equal(
            [
                "db.client.operation.duration 0.25 db.operation.name=get db.system.name=store.broken edgemesh.component=store error.type=System.IO.InvalidDataException",
                "db.client.operation.duration 0.25 db.operation.name=set db.system.name=store.broken edgemesh.component=store error.type=System.IO.InvalidDataException",
            ],
            measured.All);
    }

    [Theory]
    [InlineData("lost", "9", "etag_mismatch")]
    [InlineData("none", "", "etag_invalid")]
    public async Task Write_ThatLosesARace_SaysSo(string how, string etag, string type)
    {
        var system = "store." + how;
        using var measured = new Measured(system);
        await using var runtime = Runtime(system, new OutcomeStore(etag.Length > 0 ? StateOutcome.ETagMismatch : StateOutcome.ETagInvalid));
        var scope = StateBlock.Open(runtime.App, "store");
        var write = new StateWrite("k", "1"u8.ToArray()) { ETag = etag };
        await Assert.ThrowsAsync<DaprFault>(() => StateBlock.SaveAsync(scope, [write], TestSidecar.Cancellation));
        await Assert.ThrowsAsync<DaprFault>(() => StateBlock.TransactAsync(scope, [write], default, TestSidecar.Cancellation));
        Assert.Equal(new[] { "set", "transaction" }.Select(o => $"db.client.operation.duration 0 db.operation.name={o} db.system.name={system} edgemesh.component=store error.type={type}"), measured.All);
    }

    [Fact]
    public async Task Instrument_HasTheConventionsUnitAndBuckets()
    {
        using var measured = new Measured("of no test");
        await using var runtime = new TestRuntime();
        var instrument = Assert.IsType<System.Diagnostics.Metrics.Histogram<double>>(measured.Instrument("db.client.operation.duration"));
        Assert.Equal("s", instrument.Unit);
        Assert.Equal([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10], instrument.Advice!.HistogramBucketBoundaries!);
    }

    private TestRuntime Runtime(string system, IStateStore store)
    {
        var runtime = new TestRuntime(clock: _clock);
        runtime.Put("store", "state." + system, ComponentDriver.Open(store));
        return runtime;
    }

    private sealed class OutcomeStore(StateOutcome outcome) : IStateStore
    {
        public Task<StateItem?> GetAsync(string key, CancellationToken cancellation) => Task.FromResult<StateItem?>(null);

        public Task<StateOutcome> WriteAsync(StateWrite write, CancellationToken cancellation) => Task.FromResult(outcome);

        public Task<StateOutcome> TransactAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellation) => Task.FromResult(outcome);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class BrokenStore(Action before) : IStateStore
    {
        public Task<StateItem?> GetAsync(string key, CancellationToken cancellation) => FailAsync<StateItem?>();

        public Task<StateOutcome> WriteAsync(StateWrite write, CancellationToken cancellation) => FailAsync<StateOutcome>();

        public Task<StateOutcome> TransactAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellation) => FailAsync<StateOutcome>();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private Task<T> FailAsync<T>()
        {
            before();
            return Task.FromException<T>(new InvalidDataException("the file is broken"));
        }
    }
}
