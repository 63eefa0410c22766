using System.Net;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Errors;
using Yarp.ReverseProxy.Forwarder;

namespace EdgeMesh.Services.Gateway.Forwarding;

/// <summary>Passes requests on to services through the gateway's own sidecar, which knows where they are.</summary>
internal sealed partial class SidecarForwarder(IHttpForwarder forwarder, SidecarEndpoints sidecar, SidecarShortcut shortcut, TimeProvider clock, ILogger<SidecarForwarder> logger) : IDisposable
{
    private readonly string _sidecar = sidecar.Http.GetLeftPart(UriPartial.Authority);
    private readonly HttpMessageInvoker _client = ProxyClient.Create(shortcut);

    /// <summary>Invokes a service. The path must be plain: it is sent as it stands.</summary>
    public Task<Refusal?> InvokeAsync(HttpContext context, string appId, string path, TimeSpan limit) =>
        SendAsync(context, appId, $"/v1.0/invoke/{appId}/method{path}{context.Request.QueryString}", limit);

    /// <summary>Publishes what another site sent, marked so that it goes no further.</summary>
    public Task<Refusal?> PublishAsync(HttpContext context, string topic, string fromSite, TimeSpan limit) =>
        SendAsync(context, "wan", $"/v1.0/publish/wan/{topic}?metadata.edgemesh-link-from={fromSite}", limit);

    public void Dispose() => _client.Dispose();

    private async Task<Refusal?> SendAsync(HttpContext context, string service, string pathAndQuery, TimeSpan limit)
    {
        using var timeout = new CancellationTokenSource(limit, clock);
        var target = new Uri(_sidecar + pathAndQuery, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        var passage = new Passage(target, sidecar.ApiToken, (answer, cancellation) => SidecarFaults.ReadAsync(answer, service, cancellation));
        var config = new ForwarderRequestConfig { ActivityTimeout = limit, Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        var error = await forwarder.SendAsync(context, _sidecar, _client, config, passage, timeout.Token);
        if (passage.Refusal is not null || error == ForwarderError.None)
        {
            return passage.Refusal;
        }

        if (context.RequestAborted.IsCancellationRequested)
        {
            return null;
        }

        LogFailed(service, error, context.Features.Get<IForwarderErrorFeature>()?.Exception?.Message);
        return timeout.IsCancellationRequested || error == ForwarderError.RequestTimedOut ? Refusal.TimedOut : Refusal.ServiceAway(service);
    }

    [LoggerMessage(LogLevel.Warning, "A request to {Service} failed: {Error}: {Reason}")]
    private partial void LogFailed(string service, ForwarderError error, string? reason);
}
