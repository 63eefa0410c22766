using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Telemetry;

/// <summary>An entry of the base library's logging as a record. Scopes are left out: a framework puts request paths into them.</summary>
internal static class EcsEntry
{
    /// <summary>The key under which the logging library puts the message's template among its values.</summary>
    private const string Template = "{OriginalFormat}";

    /// <summary>The record's rest; good until <paramref name="record"/> is begun or returned.</summary>
    public static ReadOnlySpan<byte> Write<TState>(EcsRecord record, in LogEntry<TState> entry, DateTimeOffset now)
    {
        var message = entry.Formatter(entry.State, entry.Exception);
        var rest = Write(record, EcsLimits.Usual, entry, message, now);
        return rest.Length <= EcsLimits.Record ? rest : Write(record, EcsLimits.Tight, entry, message, now);
    }

    private static ReadOnlySpan<byte> Write<TState>(EcsRecord record, EcsLimits limits, in LogEntry<TState> entry, string message, DateTimeOffset now)
    {
        record.Begin(limits, now, LevelNames.Of(entry.LogLevel), message);
        record.Logger(entry.Category);
        if (entry.EventId.Name is { } action)
        {
            record.Action(action);
        }

        if (Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity)
        {
            record.Trace(activity.TraceId, activity.SpanId);
        }

        if (entry.Exception is { } error)
        {
            record.Error(error);
        }

        if (entry.State is IReadOnlyList<KeyValuePair<string, object?>> values)
        {
            for (var n = 0; n < values.Count; n++)
            {
                if (values[n] is { Value: { } value, Key: not Template and var name })
                {
                    record.Label(name, value);
                }
            }
        }

        return record.End();
    }
}
