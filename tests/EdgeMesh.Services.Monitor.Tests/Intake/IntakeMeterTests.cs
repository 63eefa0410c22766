using System.Diagnostics.Metrics;
using EdgeMesh.Services.Monitor.Intake;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Services.Monitor.Tests.Store;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Services.Monitor.Tests.Intake;

public sealed class IntakeMeterTests
{
    [Fact]
    public async Task Monitor_MeasuresWhatItTook_WhatItGaveUp_AndWhatWaits()
    {
        await using var store = new TemporaryStore(new MonitorOptions { Core = "core", StoreBytes = 123_456_789 });
        using var meters = new TestMeters();
        var meter = new IntakeMeter(meters, store.Store, store.Options, store.Clock);
        using var seen = new SeenMeasurements(meters);

        meter.Note("logs", 10, new IntakeResult(AddOutcome.Stored, 3, null));
        meter.Note("traces", 5, new IntakeResult(AddOutcome.Busy, 0, null));
        await store.AddAsync(TemporaryStore.Line("waits"), TemporaryStore.Line("waits too"));
        await store.Store.AddForwardedAsync(
            new TelemetryBatch { Logs = [.. Enumerable.Range(0, NameTables.MostSourcesOfASite + 2).Select(i => TemporaryStore.Line("x", service: $"{i}", site: "clinic-b", level: Microsoft.Extensions.Logging.LogLevel.Debug))] }, "clinic-b", "e", 1);

        Assert.Equal([("edgemesh.monitor.items", "logs refused", 3), ("edgemesh.monitor.items", "logs taken", 7), ("edgemesh.monitor.items", "traces sent-away", 5)], seen.Read().Order());
        Assert.Equal(
            [("edgemesh.monitor.forward.records", "", 2), ("edgemesh.monitor.given_up", "too-many-names of clinic-b", 2), ("edgemesh.monitor.store.limit", "", 123_456_789)],
            seen.Observe().Where(m => !m.Name.EndsWith(".size", StringComparison.Ordinal)).Order());
        Assert.All(seen.Observe().Where(m => m.Name.EndsWith(".size", StringComparison.Ordinal)), m => Assert.True(m.Value > 0, m.Name));
    }

    [Theory]
    [InlineData("/v1/traces", "traces")]
    [InlineData("/opentelemetry.proto.collector.trace.v1.TraceService/Export", "traces")]
    [InlineData("/opentelemetry.proto.collector.anything.else", "other")]
    [InlineData("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", "metrics")]
    public async Task Gate_MoreExportsThanMayWait_AreSentAwayAndCounted(string path, string signal)
    {
        await using var store = new TemporaryStore();
        using var meters = new TestMeters();
        using var seen = new SeenMeasurements(meters);
        await using var services = new ServiceCollection().AddSingleton(new IntakeMeter(meters, store.Store, store.Options, store.Clock)).BuildServiceProvider();
        var (gate, done) = (new IntakeGate(), new TaskCompletionSource());
        HttpContext Export() => new DefaultHttpContext { RequestServices = services, Request = { Path = path } };
        var inside = Enumerable.Range(0, IntakeGate.Most).Select(_ => gate.PassAsync(Export(), _ => done.Task)).ToArray();

        await gate.PassAsync(Export(), _ => throw new InvalidOperationException("it was let in"));
        await gate.PassAsync(Export(), _ => throw new InvalidOperationException("it was let in"));

        Assert.Equal([("edgemesh.monitor.exports.turned_away", signal, 1), ("edgemesh.monitor.exports.turned_away", signal, 1)], seen.Read());
        done.SetResult();
        await Task.WhenAll(inside);
        await gate.PassAsync(Export(), _ => Task.CompletedTask);
        Assert.Empty(seen.Read());
    }

    private sealed class TestMeters : IMeterFactory
    {
        private readonly List<Meter> _made = [];

        public Meter Create(MeterOptions options)
        {
            options.Scope = this;
            _made.Add(new Meter(options));
            return _made[^1];
        }

        public void Dispose() => _made.ForEach(m => m.Dispose());
    }

    /// <summary>What the meters of one factory measured.</summary>
    private sealed class SeenMeasurements : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly List<(string Name, string Tags, long Value)> _seen = [];

        public SeenMeasurements(IMeterFactory meters)
        {
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Scope == meters)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => _seen.Add((instrument.Name, string.Join(' ', tags.ToArray().Select(t => t.Value)), value)));
            _listener.Start();
        }

        public (string Name, string Tags, long Value)[] Read()
        {
            var seen = _seen.ToArray();
            _seen.Clear();
            return seen;
        }

        public (string Name, string Tags, long Value)[] Observe()
        {
            _listener.RecordObservableInstruments();
            return Read();
        }

        public void Dispose() => _listener.Dispose();
    }
}
