using System.Net;
using EdgeMesh.Services.Gateway.Errors;
using EdgeMesh.Services.Gateway.Forwarding;
using Yarp.ReverseProxy.Forwarder;

namespace EdgeMesh.Services.Gateway.ConsoleDoor;

/// <summary>Passes requests on to the console itself: Dapr's invocation drops upgrades, and the console has the one WebSocket.</summary>
internal sealed partial class ConsoleForwarder(IHttpForwarder forwarder, GatewayOptions options, TimeProvider clock, ILogger<ConsoleForwarder> logger) : IDisposable
{
    /// <summary>The live connection says something every 15 seconds.</summary>
    private static readonly TimeSpan LongestSilence = TimeSpan.FromMinutes(1);

    private readonly HttpMessageInvoker _client = ProxyClient.Create();

    /// <param name="context">The request.</param>
    /// <param name="path">Its path, plain.</param>
    /// <param name="limit">For a request as a whole; for the live connection, what is left of its session.</param>
    /// <param name="isLive">Whether it is the live connection.</param>
    public async Task<Refusal?> SendAsync(HttpContext context, string path, TimeSpan limit, bool isLive)
    {
        var console = options.ConsoleUrl!.GetLeftPart(UriPartial.Authority);
        using var timeout = new CancellationTokenSource(limit, clock);
        var passage = new Passage(new Uri($"{console}{path}{context.Request.QueryString}", new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        var config = new ForwarderRequestConfig
        {
            ActivityTimeout = isLive ? LongestSilence : limit,
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var error = await forwarder.SendAsync(context, console, _client, config, passage, timeout.Token);
        if (error == ForwarderError.None || context.RequestAborted.IsCancellationRequested || context.Response.HasStarted)
        {
            // A live connection that ends, by whichever side, has answered long ago.
            return null;
        }

        LogFailed(error, context.Features.Get<IForwarderErrorFeature>()?.Exception?.Message);
        return timeout.IsCancellationRequested || error == ForwarderError.RequestTimedOut ? Refusal.TimedOut : Refusal.ServiceAway("monitor");
    }

    public void Dispose() => _client.Dispose();

    [LoggerMessage(LogLevel.Warning, "A request to the console failed: {Error}: {Reason}")]
    private partial void LogFailed(ForwarderError error, string? reason);
}
