using EdgeMesh.Services.Gateway.Errors;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Services.Gateway.ConsoleDoor;

/// <summary>From which page a browser sends a request. A cookie goes along with what any page of the web sends; so what changes something,
/// and the live connection, must come from a page of this very door.</summary>
internal static class RequestOrigin
{
    public static readonly Refusal Foreign = new(StatusCodes.Status403Forbidden, "origin-not-allowed", "The request comes from another site's page.",
        "Open the console itself and try again.");

    public static bool IsOwn(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0
            ? request.Headers["Sec-Fetch-Site"] == "same-origin"
            : origin.Equals($"{Uri.UriSchemeHttps}://{request.Host.Value}", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Whether a connection is to be upgraded: HTTP/1.1, or extended CONNECT of HTTP/2.</summary>
    public static bool IsUpgrade(HttpContext context) =>
        context.Features.Get<IHttpUpgradeFeature>()?.IsUpgradableRequest == true || context.Features.Get<IHttpExtendedConnectFeature>()?.IsExtendedConnect == true;
}
