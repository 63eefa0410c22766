using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Telemetry;

/// <summary>One line for a person at a terminal; an exception follows on lines of its own.</summary>
internal static class TextLine
{
    public static void Write<TState>(in LogEntry<TState> entry, TelemetryIdentity identity, DateTimeOffset now, TextWriter output)
    {
        var name = entry.Category.AsSpan(entry.Category.LastIndexOf('.') + 1);
        output.Write(string.Create(CultureInfo.InvariantCulture,
            $"{now:HH:mm:ss.fff} {LevelNames.Of(entry.LogLevel),-5} {identity.Site}/{identity.Service} {name}: "));
        output.WriteLine(entry.Formatter(entry.State, entry.Exception).ReplaceLineEndings(" "));
        if (entry.Exception is { } error)
        {
            output.WriteLine(error);
        }
    }
}
