using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Telemetry;

/// <summary>One record a line on the console, so that whoever collects standard output needs no parser of its own.</summary>
internal static class EcsLine
{
    public static void Write<TState>(in LogEntry<TState> entry, EcsOrigin origin, DateTimeOffset now, TextWriter output)
    {
        var record = EcsRecord.Rent();
        try
        {
            output.WriteLine(origin.Text(EcsEntry.Write(record, entry, now)));
        }
        finally
        {
            record.Return();
        }
    }
}
