using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Grpc;
using EdgeMesh.Sidecar.Http;
using Google.Rpc;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace EdgeMesh.Sidecar;

/// <summary>Knows by the port whose API a request came to, and checks that app's API token.</summary>
internal sealed class PortedApps(IReadOnlyDictionary<string, (ListenOptions Http, ListenOptions Grpc)> listeners, AppDirectory apps)
{
    private static readonly string UnauthorizedDetails = Convert.ToBase64String(FaultDetails.Serialize(
        StatusCode.Unauthenticated, "Unauthorized", [new ErrorInfo { Reason = "Unauthorized", Domain = "dapr.io", Metadata = { ["http.code"] = "401", ["http.error_message"] = "missing api token in request metadata" } }]));

    private FrozenDictionary<int, (AppRuntime App, byte[]? Token)>? _byPort;

    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // Ports are known only once the listeners are bound.
        RequestPath.Collapse(context.Request);
        _byPort ??= listeners.SelectMany(l => new[] { (l.Value.Http.IPEndPoint!.Port, l.Key), (l.Value.Grpc.IPEndPoint!.Port, l.Key) })
            .ToFrozenDictionary(l => l.Port, l => Entry(l.Key));
        var (app, token) = _byPort[context.Connection.LocalPort];
        context.Features.Set(app);
        return token is null || IsOpen(context.Request.Path) || Carries(context, token) ? next(context) : RefuseAsync(context);
    }

    private (AppRuntime, byte[]?) Entry(string appId)
    {
        var app = apps.Find(appId)!;
        return (app, app.Options.ApiToken is { Length: > 0 } token ? Encoding.UTF8.GetBytes(token) : null);
    }

    private static bool IsOpen(PathString path) => path.Value is "/v1.0/healthz" or "/v1.0/healthz/outbound";

    private static bool Carries(HttpContext context, byte[] token) =>
        CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(context.Request.Headers["dapr-api-token"].ToString()), token);

    private static Task RefuseAsync(HttpContext context)
    {
        if (context.Request.ContentType?.StartsWith("application/grpc", StringComparison.Ordinal) == true)
        {
            context.Response.ContentType = "application/grpc";
            context.Response.Headers["grpc-status"] = "16";
            context.Response.Headers["grpc-message"] = "Unauthorized";
            context.Response.Headers["grpc-status-details-bin"] = UnauthorizedDetails;
            return Task.CompletedTask;
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync("invalid api token");
    }
}
