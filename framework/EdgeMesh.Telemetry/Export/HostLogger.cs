using System.Collections;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Telemetry;

/// <summary>One category of a host. The export is the process's and may come and go; the host stands on each record.</summary>
internal sealed class HostLogger(string category, KeyValuePair<string, object?>[] host) : ILogger
{
    private volatile Target? _target;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None && ProcessExport.Loggers is not null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (ProcessExport.Loggers is not { } loggers)
        {
            return;
        }

        var target = _target;
        if (target?.Loggers != loggers)
        {
            _target = target = new(loggers, loggers.CreateLogger(category));
        }

        target.Logger.Log(logLevel, eventId, new HostState<TState>(state, host, formatter), exception, static (s, e) => s.Formatter(s.State, e));
    }

    /// <summary>Where records go, as long as that export is there.</summary>
    private sealed record Target(ILoggerFactory Loggers, ILogger Logger);

    /// <summary>What was logged, and by which host.</summary>
    private sealed class HostState<TState>(TState state, KeyValuePair<string, object?>[] host, Func<TState, Exception?, string> formatter) : IReadOnlyList<KeyValuePair<string, object?>>
    {
        private readonly IReadOnlyList<KeyValuePair<string, object?>> _own = state as IReadOnlyList<KeyValuePair<string, object?>> ?? [];

        public TState State => state;

        public Func<TState, Exception?, string> Formatter => formatter;

        public int Count => _own.Count + host.Length;

        public KeyValuePair<string, object?> this[int index] => index < _own.Count ? _own[index] : host[index - _own.Count];

        public IEnumerator<KeyValuePair<string, object?>> GetEnumerator() => _own.Concat(host).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
