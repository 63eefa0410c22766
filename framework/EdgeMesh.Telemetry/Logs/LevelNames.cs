using Microsoft.Extensions.Logging;

namespace EdgeMesh.Telemetry;

/// <summary>Levels under the names that the Elastic Common Schema's users search for.</summary>
internal static class LevelNames
{
    public static string Of(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Warning => "warn",
        LogLevel.Error => "error",
        LogLevel.Critical => "fatal",
        _ => "info",
    };
}
