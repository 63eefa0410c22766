using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using EdgeMesh.Sidecar.BuildingBlocks.Metadata;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.CommandLine;

/// <summary>daprd's log: a line of <c>key=value</c>, or with <c>--log-as-json</c> an object, for whoever reads daprd's.</summary>
internal sealed class SidecarLog(TextWriter writer, SidecarSettings settings) : ILoggerProvider
{
    private static readonly SearchValues<char> Plain = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._/@^+");
    private static readonly JsonWriterOptions AsItIs = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly string Machine = Environment.MachineName;

    /// <summary>Guards the writer: lines do not mix.</summary>
    private readonly Lock _lock = new();

    /// <summary>Null: a process for several apps, whose lines name them.</summary>
    private readonly string? _app = settings.Options.Apps is [var only] ? only.AppId : null;

    /// <summary>What a launcher waits for, whatever the level.</summary>
    public void Say(string message) => Write(LogLevel.Information, "dapr.runtime", message, null);

    public ILogger CreateLogger(string categoryName) => new Logger(this, categoryName);

    public void Dispose()
    {
        // The writer is the caller's.
    }

    private void Write(LogLevel level, string scope, string message, Exception? error)
    {
        List<(string Key, string Value)> fields = [("instance", Machine), ("level", Name(level)), ("msg", message), ("scope", scope), ("type", "log"), ("ver", MetadataBlock.Version)];
        if (_app is not null)
        {
            fields.Insert(0, ("app_id", _app));
        }

        if (error is not null)
        {
            fields.Add(("error", error.ToString()));
        }

        var time = settings.Options.Clock.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        var line = settings.LogAsJson ? Json(fields, time) : Text(fields, time);
        lock (_lock)
        {
            writer.WriteLine(line);
        }
    }

    private static string Json(List<(string Key, string Value)> fields, string time)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, AsItIs))
        {
            json.WriteStartObject();
            foreach (var (key, value) in fields.Append(("time", time)).OrderBy(f => f.Item1, StringComparer.Ordinal))
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>Time, level and message first, as there.</summary>
    private static string Text(List<(string Key, string Value)> fields, string time)
    {
        var line = new StringBuilder($"time=\"{time}\"");
        foreach (var (key, value) in fields.OrderBy(f => f.Key switch { "level" => 0, "msg" => 1, _ => 2 }))
        {
            line.Append(' ').Append(key).Append('=');
            _ = value.Length > 0 && !value.AsSpan().ContainsAnyExcept(Plain) ? line.Append(value) : Quoted(line, value);
        }

        return line.ToString();
    }

    private static StringBuilder Quoted(StringBuilder line, string value)
    {
        line.Append('"');
        foreach (var c in value)
        {
            _ = c switch
            {
                '"' or '\\' => line.Append('\\').Append(c),
                '\n' => line.Append("\\n"),
                '\r' => line.Append("\\r"),
                '\t' => line.Append("\\t"),
                < ' ' or '\u007f' => line.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:x2}"),
                _ => line.Append(c),
            };
        }

        return line.Append('"');
    }

    private static string Name(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        LogLevel.Critical => "fatal",
        _ => "info",
    };

    private sealed class Logger(SidecarLog log, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Write(logLevel, category, formatter(state, exception), exception);
    }
}
