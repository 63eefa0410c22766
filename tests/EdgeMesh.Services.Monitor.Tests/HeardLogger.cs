using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Services.Monitor.Tests;

/// <summary>Keeps what is logged.</summary>
internal sealed class HeardLogger<T> : ILogger<T>
{
    private readonly ConcurrentQueue<(LogLevel Level, string Message)> _heard = new();

    public IReadOnlyCollection<(LogLevel Level, string Message)> Messages => _heard;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => _heard.Enqueue((logLevel, formatter(state, exception)));
}
