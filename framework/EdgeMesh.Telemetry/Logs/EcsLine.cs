using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Telemetry;

/// <summary>One JSON object a line, with the field names of the Elastic Common Schema, so that whoever collects standard output needs
/// no parser of its own.</summary>
internal static class EcsLine
{
    private const string Version = "8.11.0";

    /// <summary>The key under which the logging library puts the message's template among its values.</summary>
    private const string Template = "{OriginalFormat}";

    public static void Write<TState>(in LogEntry<TState> entry, TelemetryIdentity identity, DateTimeOffset now, TextWriter output)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("@timestamp", now);
            json.WriteString("log.level", LevelNames.Of(entry.LogLevel));
            json.WriteString("message", entry.Formatter(entry.State, entry.Exception));
            json.WriteString("ecs.version", Version);
            json.WriteString("service.name", identity.Service);
            json.WriteString("service.node.name", identity.Site);
            json.WriteString("log.logger", entry.Category);
            if (entry.EventId.Name is { } action)
            {
                json.WriteString("event.action", action);
            }

            WriteTrace(json);
            WriteValues(json, entry.State as IReadOnlyList<KeyValuePair<string, object?>> ?? []);
            WriteError(json, entry.Exception);
            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    private static void WriteTrace(Utf8JsonWriter json)
    {
        if (Activity.Current is { } activity)
        {
            json.WriteString("trace.id", activity.TraceId.ToHexString());
            json.WriteString("span.id", activity.SpanId.ToHexString());
        }
    }

    /// <summary>The schema's labels are texts: a number in one line and a text in another would make the index refuse the second.</summary>
    private static void WriteValues(Utf8JsonWriter json, IReadOnlyList<KeyValuePair<string, object?>> values)
    {
        var open = false;
        foreach (var (name, value) in values)
        {
            if (name == Template || value is null)
            {
                continue;
            }

            if (!open)
            {
                json.WriteStartObject("labels");
                open = true;
            }

            json.WriteString(name, Convert.ToString(value, CultureInfo.InvariantCulture));
        }

        if (open)
        {
            json.WriteEndObject();
        }
    }

    private static void WriteError(Utf8JsonWriter json, Exception? error)
    {
        if (error is not null)
        {
            json.WriteString("error.type", error.GetType().FullName);
            json.WriteString("error.message", error.Message);
            json.WriteString("error.stack_trace", error.ToString());
        }
    }
}
