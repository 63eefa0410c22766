using System.Globalization;
using Serilog.Core;
using Serilog.Events;

namespace EdgeMesh.Telemetry;

/// <summary>Writes Serilog's events into the spool, without Serilog's batching: the spool is the batch, and on disk.</summary>
internal sealed class EdgeMeshSink : ILogEventSink, IDisposable
{
    private readonly LogShipping _shipping;
    private readonly EcsOrigin _origin;
    private readonly EventQueue _events;

    [ThreadStatic]
    private static CutWriter? ofThread;

    public EdgeMeshSink(TelemetryIdentity identity, LogShipping shipping)
    {
        (_shipping, _origin) = (shipping, new EcsOrigin(identity));
        _events = new EventQueue(Append);
    }

    /// <summary>What matters most, and what may be the last words of a process, waits for nobody.</summary>
    public void Emit(LogEvent logEvent)
    {
        if (PriorityOf(logEvent) == LogPriority.High || !_events.TryAdd(logEvent))
        {
            Append(logEvent);
        }
    }

    public void Dispose()
    {
        _events.Dispose();
        _shipping.Dispose();
    }

    private static LogPriority PriorityOf(LogEvent logEvent) => LevelNames.PriorityOf(LevelNames.Of(logEvent.Level));

    private void Append(LogEvent logEvent)
    {
        var record = EcsRecord.Rent();
        try
        {
            var rest = Write(record, EcsLimits.Usual, logEvent);
            rest = rest.Length <= EcsLimits.Record ? rest : Write(record, EcsLimits.Tight, logEvent);
            _shipping.Spool.Append(PriorityOf(logEvent), _origin.Head, rest, logEvent.Timestamp);
        }
        finally
        {
            record.Return();
        }
    }

    private static ReadOnlySpan<byte> Write(EcsRecord record, EcsLimits limits, LogEvent entry)
    {
        // One character more than is kept, so that the record knows that something was cut.
        var message = ofThread ??= new CutWriter(EcsLimits.Usual.Message + 1);
        message.Clear();
        entry.MessageTemplate.Render(entry.Properties, message, CultureInfo.InvariantCulture);
        record.Begin(limits, entry.Timestamp, LevelNames.Of(LevelNames.Of(entry.Level)), message.Text);
        if (entry is { TraceId: { } trace, SpanId: { } span })
        {
            record.Trace(trace, span);
        }

        if (entry.Exception is { } error)
        {
            record.Error(error);
        }

        if (entry.Properties.TryGetValue(Constants.SourceContextPropertyName, out var source) && source is ScalarValue { Value: string logger })
        {
            record.Logger(logger);
        }

        foreach (var (name, value) in entry.Properties)
        {
            if (name != Constants.SourceContextPropertyName && (value is ScalarValue scalar ? scalar.Value : value) is { } content)
            {
                record.Label(name, content);
            }
        }

        return record.End();
    }
}
