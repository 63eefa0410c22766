using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using EdgeMesh.Services.Functions.Running;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>One measurement.</summary>
/// <param name="Instrument">The instrument's name.</param>
/// <param name="Value">The value.</param>
/// <param name="Tags">The meter's and its own.</param>
internal sealed record Measurement(string Instrument, double Value, SortedDictionary<string, object?> Tags)
{
    public string TagsText => string.Join(' ', Tags.Select(t => $"{t.Key}={t.Value}"));
}

/// <summary>What the service measures of certain functions from now on. Tests run side by side in one process: a function that is measured
/// has a name that no other test uses.</summary>
internal sealed class Measurements : IDisposable
{
    private readonly ConcurrentQueue<Measurement> _all = new();
    private readonly MeterListener _listener = new();
    private readonly string[] _functions;

    public Measurements(params string[] functions)
    {
        _functions = functions;
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == FunctionMetrics.Name)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
    }

    /// <summary>Those of some instruments, in their order.</summary>
    public IReadOnlyList<Measurement> Of(params string[] instruments) => [.. _all.Where(m => instruments.Contains(m.Instrument))];

    public double Sum(string instrument) => Of(instrument).Sum(m => m.Value);

    /// <summary>How each call ended, in their order.</summary>
    public IEnumerable<string> Endings() =>
        Of("faas.invocations", "faas.errors", "faas.timeouts").Select(m => $"{m.Tags["faas.name"]} {m.Instrument} {m.Tags.GetValueOrDefault("error.type")} {m.Value}");

    public void Dispose() => _listener.Dispose();

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var all = new SortedDictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (key, tag) in instrument.Meter.Tags ?? [])
        {
            all[key] = tag;
        }

        foreach (var (key, tag) in tags)
        {
            all[key] = tag;
        }

        if (all.GetValueOrDefault("faas.name") is string function && _functions.Contains(function))
        {
            _all.Enqueue(new Measurement(instrument.Name, value, all));
        }
    }
}
