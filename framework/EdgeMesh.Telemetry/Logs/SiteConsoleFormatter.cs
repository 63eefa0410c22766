using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace EdgeMesh.Telemetry;

/// <summary>Writes log entries for a program or for a person.</summary>
internal sealed class SiteConsoleFormatter(TelemetryIdentity identity, TimeProvider clock, bool json) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "edgemesh";

    private readonly EcsOrigin _origin = new(identity);

    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        if (json)
        {
            EcsLine.Write(entry, _origin, clock.GetUtcNow(), textWriter);
        }
        else
        {
            TextLine.Write(entry, identity, clock.GetLocalNow(), textWriter);
        }
    }
}
