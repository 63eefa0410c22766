using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace EdgeMesh.Sidecar.Tests.Metrics;

/// <summary>What a sidecar measures of one broker or store, from now on. Tests run side by side in one process: each has a type of component
/// that no other test has.</summary>
internal sealed class Measured : IDisposable
{
    private const string Meter = "EdgeMesh.Sidecar.Components";

    private readonly ConcurrentQueue<string> _all = new();
    private readonly ConcurrentDictionary<string, Instrument> _instruments = new();
    private readonly MeterListener _listener = new();

    /// <param name="system">The type of the component, without its block.</param>
    public Measured(string system)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == Meter)
            {
                _instruments[instrument.Name] = instrument;
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(system, instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(system, instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Name, value and attributes of each, in the order of their text.</summary>
    public IEnumerable<string> All => _all.Order(StringComparer.Ordinal);

    public Instrument Instrument(string name) => _instruments[name];

    public void Dispose() => _listener.Dispose();

    private void Add(string system, Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var own = tags.ToArray();
        if (own.Any(t => t.Key is "messaging.system" or "db.system.name" && Equals(t.Value, system)))
        {
            _all.Enqueue(string.Create(CultureInfo.InvariantCulture, $"{instrument.Name} {value} {string.Join(' ', own.Select(t => $"{t.Key}={t.Value}").Order(StringComparer.Ordinal))}"));
        }
    }
}
