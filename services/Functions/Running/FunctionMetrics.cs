using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using EdgeMesh.Functions;

namespace EdgeMesh.Services.Functions.Running;

/// <summary>OpenTelemetry's <c>faas.*</c> metrics, by function, version and trigger. A cold start is a call whose module had to be loaded.</summary>
internal sealed class FunctionMetrics : IDisposable
{
    public const string Name = "EdgeMesh.Functions";

    /// <summary>What a function may count, by name. Each name is a series that stays in memory, here and wherever measurements are kept.</summary>
    public const int MaxNames = 100;

    private readonly ConcurrentDictionary<string, HashSet<string>> _names = new(StringComparer.Ordinal);
    private readonly Meter _meter;
    private readonly Counter<long> _invocations;
    private readonly Counter<long> _coldStarts;
    private readonly Counter<long> _errors;
    private readonly Counter<long> _timeouts;
    private readonly Histogram<double> _initDuration;
    private readonly Histogram<double> _invokeDuration;
    private readonly Histogram<double> _cpu;
    private readonly Histogram<long> _memory;
    private readonly Histogram<long> _bytes;
    private readonly Counter<double> _own;
    private readonly string _site;

    public FunctionMetrics(string site)
    {
        // A meter of its own for each host: a process may hold several.
        _site = site;
        _meter = new Meter(new MeterOptions(Name) { Tags = [new("site", site)] });
        _invocations = _meter.CreateCounter<long>("faas.invocations", "{invocation}", "Calls that completed");
        _coldStarts = _meter.CreateCounter<long>("faas.coldstarts", "{coldstart}", "Calls whose module had to be loaded");
        _errors = _meter.CreateCounter<long>("faas.errors", "{error}", "Calls that failed, trapped, broke a limit or could not be started");
        _timeouts = _meter.CreateCounter<long>("faas.timeouts", "{timeout}", "Calls whose time or fuel was used up");
        _initDuration = _meter.CreateHistogram<double>("faas.init_duration", "s", "Loading a module, for cold starts");
        _invokeDuration = _meter.CreateHistogram<double>("faas.invoke_duration", "s", "From the first instruction to the last");
        _cpu = _meter.CreateHistogram<double>("faas.cpu_usage", "s", "Processor time of a call");
        _memory = _meter.CreateHistogram<long>("faas.mem_usage", "By", "Linear memory at the end of a call");
        _bytes = _meter.CreateHistogram<long>("faas.net_io", "By", "Bytes in and out of a call");
        _own = _meter.CreateCounter<double>("faas.function.count", "{count}", "What functions count themselves");
    }

    /// <param name="call">The call.</param>
    /// <param name="result">What came of it.</param>
    /// <param name="coldStart">How long its module took to load; null: it was loaded already, or can't be.</param>
    public void Called(FunctionCall call, CallResult result, TimeSpan? coldStart)
    {
        var tags = Tags(call);
        if (result.Outcome == CallOutcome.Completed)
        {
            _invocations.Add(1, tags);
        }
        else
        {
            tags.Add("error.type", result.Outcome.ToString());
            (result.Outcome is CallOutcome.OutOfTime or CallOutcome.OutOfFuel ? _timeouts : _errors).Add(1, tags);
        }

        if (coldStart is { } loading)
        {
            _coldStarts.Add(1, tags);
            _initDuration.Record(loading.TotalSeconds, tags);
        }

        // A zero for what was not started would only hide how long the others take.
        if (result.WasStarted)
        {
            _invokeDuration.Record(result.Usage.Ran.TotalSeconds, tags);
            _cpu.Record(result.Usage.Worked.TotalSeconds, tags);
            _memory.Record(result.Usage.MemoryBytes, tags);
            _bytes.Record(call.Data.Length + result.Output.Length, tags);
        }
    }

    /// <summary>What a function counts itself. False: under a name too many, and nothing is counted.</summary>
    public bool Count(string function, string name, double value)
    {
        var names = _names.GetOrAdd(function, static _ => new(StringComparer.Ordinal));
        lock (names)
        {
            if (names.Count == MaxNames && !names.Contains(name))
            {
                return false;
            }

            names.Add(name);
        }

        _own.Add(value, new TagList { { "faas.name", function }, { "name", name } });
        return true;
    }

    public void Dispose() => _meter.Dispose();

    private TagList Tags(FunctionCall call) => new()
    {
        { "faas.name", call.Manifest.Name }, { "faas.version", call.Manifest.Version }, { "faas.trigger", call.Trigger }, { "site", _site },
    };
}
