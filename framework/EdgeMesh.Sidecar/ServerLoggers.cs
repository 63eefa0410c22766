using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Sidecar;

/// <summary>The web server's loggers, without the one of its host: as soon as that one logs at all, each request gets an activity and a scope,
/// which cost more than a read of state. What it would say of failures the server itself says too; traces are the sidecar's own.</summary>
internal sealed class ServerLoggers(ILoggerFactory inner) : ILoggerFactory
{
    private const string Host = "Microsoft.AspNetCore.Hosting.Diagnostics";

    public ILogger CreateLogger(string categoryName) => categoryName == Host ? NullLogger.Instance : inner.CreateLogger(categoryName);

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    /// <summary>Whoever gave the loggers still needs them.</summary>
    public void Dispose()
    {
    }
}
