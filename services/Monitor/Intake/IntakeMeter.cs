using System.Diagnostics.Metrics;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Intake;

/// <summary>What the monitor measures of its own work: what came, what it holds, and what waits for the core.</summary>
internal sealed class IntakeMeter
{
    public const string Name = "EdgeMesh.Services.Monitor";

    /// <summary>What waits is counted at most so often, however many ask.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    private readonly TelemetryStore _store;
    private readonly TimeProvider _clock;
    private readonly Counter<long> _items;
    private readonly Counter<long> _turnedAway;
    private readonly Lock _gate = new();
    private (OutgoingStatus Status, long At)? _outgoing;
    private IReadOnlyDictionary<string, long>? _before;

    public IntakeMeter(IMeterFactory meters, TelemetryStore store, MonitorOptions options, TimeProvider clock)
    {
        (_store, _clock) = (store, clock);
        _ = GivenUp();
        var meter = meters.Create(Name);
        _items = meter.CreateCounter<long>("edgemesh.monitor.items", "{item}", "Log records, spans and points that services sent, by what became of them: taken, refused for good, or sent away for a moment");
        _turnedAway = meter.CreateCounter<long>("edgemesh.monitor.exports.turned_away", "{export}", "Exports that were sent away unread, as too many came at a time");
        meter.CreateObservableCounter("edgemesh.monitor.given_up", GivenUp, "{item}", "What was stored and is lost, or was left out, for want of room");
        meter.CreateObservableGauge("edgemesh.monitor.store.size", () => Try(() => Of(_store.Status.Bytes)), "By", "What the store holds");
        meter.CreateObservableGauge("edgemesh.monitor.store.limit", () => Of(options.StoreBytes), "By", "What it may hold");
        if (options.Core is not null)
        {
            meter.CreateObservableGauge("edgemesh.monitor.forward.records", () => Outgoing(o => o.Records), "{item}", "What waits for the core");
            meter.CreateObservableGauge("edgemesh.monitor.forward.size", () => Outgoing(o => o.Bytes), "By", "Its size");
        }
    }

    /// <summary>Takes note of what became of an export.</summary>
    /// <param name="signal"><c>logs</c>, <c>traces</c> or <c>metrics</c>.</param>
    /// <param name="records">Records in it.</param>
    /// <param name="result">What became of them.</param>
    public void Note(string signal, int records, IntakeResult result)
    {
        if (result.Outcome != AddOutcome.Stored)
        {
            Add(signal, "sent-away", records);
            return;
        }

        Add(signal, "refused", result.Rejected);
        Add(signal, "taken", records - result.Rejected);
    }

    /// <summary>Takes note of an export that was sent away before anything of it was read: how much was in it is not known.</summary>
    public void NoteTurnedAway(string signal) => _turnedAway.Add(1, new KeyValuePair<string, object?>("signal", signal));

    private void Add(string signal, string outcome, long items)
    {
        if (items > 0)
        {
            _items.Add(items, new("signal", signal), new("outcome", outcome));
        }
    }

    /// <summary>Since this process began: what was given up before would else look like a burst at each start.</summary>
    private IEnumerable<Measurement<long>> GivenUp() => Try(() =>
    {
        var now = _store.Status.GivenUp;
        _before ??= now;
        return now.Select(g => new Measurement<long>(g.Value - _before.GetValueOrDefault(g.Key), new KeyValuePair<string, object?>("what", g.Key))).Where(m => m.Value > 0).ToArray();
    });

    private static IEnumerable<Measurement<long>> Of(long value) => [new(value)];

    private IEnumerable<Measurement<long>> Outgoing(Func<OutgoingStatus, long> figure) => Try(() =>
    {
        lock (_gate)
        {
            if (_outgoing is not { } known || _clock.GetElapsedTime(known.At) > Fresh)
            {
                _outgoing = known = (_store.ReadOutgoing(), _clock.GetTimestamp());
            }

            return Of(figure(known.Status));
        }
    });

    /// <summary>Nothing while the store does not answer.</summary>
    private static IEnumerable<Measurement<long>> Try(Func<IEnumerable<Measurement<long>>> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (StoreFaults.Is(error))
        {
            return [];
        }
    }
}
