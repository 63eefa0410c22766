using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Cli.Sites.Direct;

/// <summary>A host's application, whatever its contexts are.</summary>
/// <param name="limits">The host's.</param>
internal abstract class DirectApplication(DirectLimits limits)
{
    public DirectLimits Limits => limits;

    /// <summary>Runs one request to its end. An exception that the application let through is logged and told to the response.</summary>
    public abstract Task RunAsync(IFeatureCollection features, DirectResponse response);
}

/// <inheritdoc/>
internal sealed partial class DirectApplication<TContext>(IHttpApplication<TContext> application, DirectLimits limits, ILogger logger) : DirectApplication(limits)
    where TContext : notnull
{
    public override async Task RunAsync(IFeatureCollection features, DirectResponse response)
    {
        var context = application.CreateContext(features);
        Exception? error = null;
        try
        {
            await application.ProcessRequestAsync(context);
            await response.CompleteAsync();
        }
        catch (Exception thrown)
        {
            error = thrown;
            if (!(response.IsDropped && thrown is OperationCanceledException or IOException))
            {
                LogUnhandled(thrown);
            }

            response.Fail(thrown);
        }

        try
        {
            await response.CompletedAsync();
        }
        catch (Exception thrown)
        {
            error ??= thrown;
            LogUnhandled(thrown);
        }
        finally
        {
            application.DisposeContext(context, error);
        }
    }

    [LoggerMessage(LogLevel.Error, "An unhandled exception was thrown by the application.")]
    private partial void LogUnhandled(Exception error);
}
