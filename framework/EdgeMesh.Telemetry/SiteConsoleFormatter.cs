using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace EdgeMesh.Telemetry;

/// <summary>One JSON object a line, with the field names of the Elastic Common Schema, so that whoever collects standard output needs
/// no parser of its own.</summary>
internal sealed class SiteConsoleFormatter(TelemetryIdentity identity, TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "edgemesh";

    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopes, TextWriter output)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("@timestamp", clock.GetUtcNow());
            json.WriteString("log.level", Level(entry.LogLevel));
            json.WriteString("message", entry.Formatter(entry.State, entry.Exception));
            json.WriteString("ecs.version", "8.11.0");
            json.WriteString("service.name", identity.Service);
            json.WriteString("service.node.name", identity.Site);
            json.WriteString("log.logger", entry.Category);
            if (System.Diagnostics.Activity.Current is { } activity)
            {
                json.WriteString("trace.id", activity.TraceId.ToHexString());
                json.WriteString("span.id", activity.SpanId.ToHexString());
            }

            if (entry.Exception is { } error)
            {
                json.WriteString("error.type", error.GetType().FullName);
                json.WriteString("error.message", error.Message);
                json.WriteString("error.stack_trace", error.ToString());
            }

            json.WriteEndObject();
        }

        output.WriteLine(Encoding.UTF8.GetString(buffer.WrittenSpan));
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        LogLevel.Critical => "fatal",
        _ => "info",
    };
}
