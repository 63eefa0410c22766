using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Doors;
using EdgeMesh.Services.Gateway.Errors;
using EdgeMesh.Services.Gateway.Forwarding;
using EdgeMesh.Services.Gateway.Limits;
using EdgeMesh.Services.Gateway.Tokens;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Services.Gateway.MeshDoor;

/// <summary>The mesh door: another site, known by its certificate, asks a service of this one. The service decides what it may have.</summary>
internal sealed class MeshRequests(DoorGuard guard, CallerStatements statements, SidecarForwarder forwarder, GatewayOptions options)
{
    public Task AnswerAsync(HttpContext context) => guard.AnswerAsync(context, Door.Mesh, AnswerAsync);

    private async Task<Refusal?> AnswerAsync(HttpContext context, string path)
    {
        // The handshake let nobody in without one.
        var peer = context.Features.GetRequiredFeature<MeshPeer>().Site;
        HeaderRules.Strip(context.Request.Headers, keepForwardedCaller: true);
        context.Request.Headers[CallerTokens.Header] = statements.Sign(peer);
        return MeshRoute.Find(context.Request.Method, path) switch
        {
            null => Refusal.RouteUnknown with { Detail = "This door serves GET of /mesh/feed and /mesh/records, /mesh/ledger, and POST to /mesh/monitor and /mesh/wan." },
            { Topic: { } topic } => await guard.WithBodyAsync(context, () => forwarder.PublishAsync(context, topic, peer.Subject, options.RequestLimit)),
            var route => await guard.WithBodyAsync(context, () => forwarder.InvokeAsync(context, route.AppId, path, route.IsFeed ? options.FeedLimit : options.RequestLimit)),
        };
    }
}
