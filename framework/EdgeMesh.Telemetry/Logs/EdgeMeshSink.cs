using System.Globalization;
using Serilog.Core;
using Serilog.Events;

namespace EdgeMesh.Telemetry;

/// <summary>Writes Serilog's events into the spool. It writes at once, without Serilog's batching: the spool is the batch, and on disk.</summary>
internal sealed class EdgeMeshSink(TelemetryIdentity identity, LogShipping shipping) : ILogEventSink, IDisposable
{
    private readonly EcsOrigin _origin = new(identity);

    [ThreadStatic]
    private static CutWriter? ofThread;

    public void Emit(LogEvent logEvent)
    {
        var record = EcsRecord.Rent();
        try
        {
            var rest = Write(record, EcsLimits.Usual, logEvent);
            rest = rest.Length <= EcsLimits.Record ? rest : Write(record, EcsLimits.Tight, logEvent);
            shipping.Spool.Append(LevelNames.PriorityOf(LevelNames.Of(logEvent.Level)), _origin.Head, rest, logEvent.Timestamp);
        }
        finally
        {
            record.Return();
        }
    }

    public void Dispose() => shipping.Dispose();

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
