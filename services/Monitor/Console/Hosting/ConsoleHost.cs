using System.Diagnostics;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Console.Access;
using EdgeMesh.Services.Monitor.Console.Layout;
using EdgeMesh.Services.Monitor.Console.Ledger;
using EdgeMesh.Services.Monitor.Console.Metrics;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace EdgeMesh.Services.Monitor.Console.Hosting;

/// <summary>The console: a pipeline with a container of its own inside the monitor, made when somebody first opens it, or by the
/// <see cref="ConsoleWarmUp"/>. Until then Blazor costs the site nothing, neither time at start nor memory.</summary>
internal sealed class ConsoleHost(IServiceProvider monitor) : IAsyncDisposable
{
    /// <summary>Sees pages that nobody gets.</summary>
    private static readonly Caller Nobody = new() { Kind = CallerKind.User, Subject = "nobody", Site = "", Roles = ["admin"] };

    private readonly Lazy<(ServiceProvider Services, RequestDelegate Pipeline)> _made = new(() => Make(monitor));

    /// <summary>Whether anybody has opened the console yet.</summary>
    public bool IsMade => _made.IsValueCreated;

    public async Task AnswerAsync(HttpContext outer)
    {
        var (services, pipeline) = _made.Value;
        var context = new DefaultHttpContext(ConsoleFeatures.Of(outer)) { ServiceScopeFactory = services.GetRequiredService<IServiceScopeFactory>() };
        if (context.GetCaller() is { } caller)
        {
            context.User = ConsoleUser.Of(caller);
        }

        // Its services go with the response, as the framework arranges for a context with a scope factory.
        await pipeline(context);
    }

    /// <summary>Draws a page for nobody.</summary>
    /// <returns>The status of the answer.</returns>
    public async Task<int> DrawAsync(string path)
    {
        var (services, pipeline) = _made.Value;
        await using var scope = services.CreateAsyncScope();
        var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider, User = ConsoleUser.Of(Nobody) };
        (context.Request.Method, context.Request.Scheme, context.Request.Host, context.Request.Path) = (HttpMethods.Get, Uri.UriSchemeHttp, new HostString("localhost"), ConsoleExtensions.Root + path);
        context.Response.Body = Stream.Null;
        await pipeline(context);
        return context.Response.StatusCode;
    }

    public ValueTask DisposeAsync() => _made.IsValueCreated ? _made.Value.Services.DisposeAsync() : default;

    private static (ServiceProvider, RequestDelegate) Make(IServiceProvider monitor)
    {
        var services = new ServiceCollection();
        Lend(services, monitor);
        services.AddLogging();
        services.Replace(ServiceDescriptor.Singleton(monitor.GetRequiredService<ILoggerFactory>()));
        services.AddRouting();
        // What is protected are marks in a page that its own live connection gives back: they need not outlive this process.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddRazorComponents().AddInteractiveServerComponents(circuits =>
        {
            circuits.DisconnectedCircuitMaxRetained = 20;
            circuits.DisconnectedCircuitRetentionPeriod = TimeSpan.FromMinutes(2);
            circuits.MaxBufferedUnacknowledgedRenderBatches = 10;
        });
        services.AddScoped<ConsoleUser>();
        services.AddSingleton<SeriesMarks>();
        services.AddSingleton<CallerRequests>();
        services.AddSingleton<LedgerChecks>();
        var provider = services.BuildServiceProvider();

        var app = new ApplicationBuilder(provider);
        app.UsePathBase(ConsoleExtensions.Root);
        app.UseMiddleware<ConsoleFaults>();
        app.UseWhen(IsPage, pages => pages.UseStatusCodePagesWithReExecute("/no-such-page", createScopeForStatusCodePages: true));
        app.UseRouting();
        app.UseMiddleware<LiveAccess>();
        app.UseEndpoints(endpoints =>
        {
            endpoints.MapConsoleAssets();
            // No form of these pages is posted here; the gateway takes the two that are, and looks at their origin.
            endpoints.MapRazorComponents<App>().DisableAntiforgery().AddInteractiveServerRenderMode(live =>
            {
                live.ContentSecurityFrameAncestorsPolicy = "'none'";
                live.DisableWebSocketCompression = true;
            });
        });
        return (provider, app.Build());
    }

    /// <summary>Whether somebody looks at the answer.</summary>
    private static bool IsPage(HttpContext context) =>
        HttpMethods.IsGet(context.Request.Method) && !context.Request.Path.StartsWithSegments("/assets") && !context.Request.Path.StartsWithSegments("/_blazor");

    /// <summary>What the console uses of the monitor stays the monitor's: this container hands it out and never disposes it.</summary>
    private static void Lend(ServiceCollection services, IServiceProvider monitor)
    {
        foreach (var type in ConsoleServices.Lent)
        {
            if (monitor.GetService(type) is { } service)
            {
                services.AddSingleton(type, service);
            }
        }

        services.AddSingleton<DiagnosticSource>(monitor.GetRequiredService<DiagnosticListener>());
    }
}
