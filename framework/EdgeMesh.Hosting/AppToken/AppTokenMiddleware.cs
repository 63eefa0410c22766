using System.Security.Cryptography;
using System.Text;
using EdgeMesh.Hosting;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Hosting
{
    /// <summary>Lets only this service's own sidecar in, by the app API token. Health is open: launchers ask it without a token.</summary>
    internal sealed class AppTokenMiddleware(RequestDelegate next, string token)
    {
        private readonly byte[] _token = Encoding.UTF8.GetBytes(token);

        public Task InvokeAsync(HttpContext context)
        {
            var given = Encoding.UTF8.GetBytes(context.Request.Headers["dapr-api-token"].ToString());
            if (CryptographicOperations.FixedTimeEquals(given, _token)
                || context.Request.Path.Value is "/healthz" or "/readyz"
                || context.Features.Get<OwnDoor>() is not null)
            {
                return next(context);
            }

            return Problems.Problem(StatusCodes.Status401Unauthorized, "app-token-missing", "This listener is for the service's own sidecar.",
                "Call the service through Dapr invocation or the site's gateway.").ExecuteAsync(context);
        }
    }

    /// <summary>Marks the connections of a listener whose owner checks callers itself.</summary>
    internal sealed class OwnDoor
    {
        public static readonly OwnDoor Instance = new();
    }
}

namespace Microsoft.AspNetCore.Server.Kestrel.Core
{
    /// <summary>Listeners beside the one that the sidecar calls.</summary>
    public static class OwnDoorExtensions
    {
        /// <summary>Says that the service checks the callers of this listener itself, so the app API token isn't asked for here.
        /// Without it every listener of the service is for its own sidecar alone.</summary>
        public static ListenOptions ChecksCallersItself(this ListenOptions listener)
        {
            listener.Use(next => connection =>
            {
                connection.Features.Set(OwnDoor.Instance);
                return next(connection);
            });
            return listener;
        }
    }
}
