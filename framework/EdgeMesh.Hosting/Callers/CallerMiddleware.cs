using EdgeMesh.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Hosting
{
    /// <summary>Reads the caller that the gateway stated. A request with a token that does not verify is refused; one without has no caller.</summary>
    internal sealed class CallerMiddleware(RequestDelegate next, CallerTokens tokens, SiteSecrets secrets, SiteIdentity identity, MeshDirectory directory)
    {
        public async Task InvokeAsync(HttpContext context)
        {
            if (context.Request.Headers[CallerTokens.Header].ToString() is { Length: > 0 } token)
            {
                var key = await secrets.GetAsync(SiteSecrets.CallerVerifyKey, context.RequestAborted);
                var caller = await tokens.VerifyAsync(token, identity.Site, key);
                caller = caller is { Kind: CallerKind.Site } ? await ForwardedAsync(context, caller) : caller;
                if (caller is null)
                {
                    await Problems.Problem(StatusCodes.Status401Unauthorized, "caller-token-invalid", "The caller token does not verify.",
                        "Come through the site's gateway; it states the caller anew for each request.").ExecuteAsync(context);
                    return;
                }

                context.Features.Set(caller);
            }

            await next(context);
        }

        /// <summary>A site's request may carry one of its users, signed by that site's gateway; null when that signature does not hold.</summary>
        private async ValueTask<Caller?> ForwardedAsync(HttpContext context, Caller site)
        {
            if (context.Request.Headers[CallerTokens.ForwardedHeader].ToString() is not { Length: > 0 } forwarded)
            {
                return site;
            }

            return directory.Find(site.Subject) is { CallerKey.Length: > 0 } entry
                && await tokens.VerifyAsync(forwarded, entry.Name, entry.CallerKey) is { Kind: CallerKind.User, ForwardedBy: null } user
                // A site speaks for the users that it verified itself, and for nobody else's.
                && user.Site == entry.Name
                ? user with { ForwardedBy = entry.Name }
                : null;
        }
    }
}

namespace Microsoft.AspNetCore.Builder
{
    /// <summary>Who stands behind a request.</summary>
    public static class CallerExtensions
    {
        /// <summary>Verifies caller tokens; endpoints read the caller with <see cref="GetCaller"/>.</summary>
        public static TApp UseEdgeMeshCallers<TApp>(this TApp app)
            where TApp : IApplicationBuilder
        {
            app.UseMiddleware<CallerMiddleware>();
            return app;
        }

        /// <summary>The verified caller; null when the request did not come through a gateway.</summary>
        public static Caller? GetCaller(this HttpContext context) => context.Features.Get<Caller>();
    }
}
