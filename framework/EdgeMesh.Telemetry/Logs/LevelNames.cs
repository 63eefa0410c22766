using Microsoft.Extensions.Logging;
using Serilog.Events;

namespace EdgeMesh.Telemetry;

/// <summary>Levels under the names that the Elastic Common Schema's users search for, and what each is worth when room runs out.</summary>
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

    public static LogPriority PriorityOf(LogLevel level) => level switch
    {
        <= LogLevel.Debug => LogPriority.Low,
        LogLevel.Information => LogPriority.Normal,
        _ => LogPriority.High,
    };

    /// <summary>Serilog's levels, in the same order, under the base library's names.</summary>
    public static LogLevel Of(LogEventLevel level) => (LogLevel)level;
}
