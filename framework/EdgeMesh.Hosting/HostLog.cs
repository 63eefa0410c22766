using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Hosting;

/// <summary>One line when a service begins to listen, one when it is told to stop.</summary>
internal static partial class HostLog
{
    public static void Attach(WebApplication app)
    {
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("EdgeMesh.Hosting");
        var settings = app.Services.GetRequiredService<EdgeMeshSettings>();
        app.Lifetime.ApplicationStarted.Register(() => LogListening(logger, string.Join(", ", app.Urls), settings.Sidecar.Http));
        app.Lifetime.ApplicationStopping.Register(() => LogStopping(logger, settings.StopLimit.TotalSeconds));
    }

    [LoggerMessage(LogLevel.Information, "Listening on {Addresses}; the sidecar is expected at {Sidecar}")]
    private static partial void LogListening(ILogger logger, string addresses, Uri sidecar);

    [LoggerMessage(LogLevel.Information, "Stopping; requests under way have {Seconds} s")]
    private static partial void LogStopping(ILogger logger, double seconds);
}
