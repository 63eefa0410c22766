using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Tests;

/// <summary>What a sidecar logs, line by line.</summary>
internal sealed class LogLines : ILoggerProvider, ILogger
{
    private readonly Lock _gate = new();
    private readonly List<string> _lines = [];
    private readonly Channel<string> _coming = Channel.CreateUnbounded<string>();

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _lines];
            }
        }
    }

    /// <summary>Waits until a line has <paramref name="text"/>; lines before that one are not looked at again.</summary>
    public async Task SeeAsync(string text, CancellationToken cancellation)
    {
        while (!(await _coming.Reader.ReadAsync(cancellation)).Contains(text, StringComparison.Ordinal))
        {
            // Another line.
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = formatter(state, exception);
        lock (_gate)
        {
            _lines.Add(line);
        }

        _coming.Writer.TryWrite(line);
    }

    public void Dispose()
    {
    }
}
