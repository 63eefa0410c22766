using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Hosting;

/// <summary>Lets only this service's own sidecar in, by the app API token. Health and metrics are open: launchers and
/// Prometheus ask without a token, from the same machine.</summary>
internal sealed class AppTokenMiddleware(RequestDelegate next, string token)
{
    private readonly byte[] _token = Encoding.UTF8.GetBytes(token);

    public Task InvokeAsync(HttpContext context)
    {
        var given = Encoding.UTF8.GetBytes(context.Request.Headers["dapr-api-token"].ToString());
        if (CryptographicOperations.FixedTimeEquals(given, _token) || context.Request.Path.Value is "/healthz" or "/readyz" or "/metrics")
        {
            return next(context);
        }

        return Problems.Problem(StatusCodes.Status401Unauthorized, "app-token-missing", "This listener is for the service's own sidecar.",
            "Call the service through Dapr invocation or the site's gateway.").ExecuteAsync(context);
    }
}
