using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Telemetry;

/// <summary>Writes a category's entries into the spool.</summary>
internal sealed class SpoolLogger(string category, EcsOrigin origin, LogSpool spool, TimeProvider clock) : ILogger
{
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        var now = clock.GetUtcNow();
        var record = EcsRecord.Rent();
        try
        {
            var rest = EcsEntry.Write(record, new LogEntry<TState>(logLevel, category, eventId, state, exception, formatter), now);
            spool.Append(LevelNames.PriorityOf(logLevel), origin.Head, rest, now);
        }
        finally
        {
            record.Return();
        }
    }
}
