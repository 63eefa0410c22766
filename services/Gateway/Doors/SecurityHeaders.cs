namespace EdgeMesh.Services.Gateway.Doors;

/// <summary>What every answer of the public door tells browsers and caches. A service may allow caching of what is public.</summary>
internal static class SecurityHeaders
{
    private const string Nothing = "default-src 'none'; frame-ancestors 'none'";

    /// <summary>Pages run their own scripts and connect to their own door, and no others: nothing inline, nothing from elsewhere.</summary>
    private const string OwnPages = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

    public static void Attach(HttpResponse response) => Attach(response, Nothing, "no-referrer");

    /// <summary>For the console. Its own door may know from which page a form comes: with less, browsers name no origin either.</summary>
    public static void AttachToPages(HttpResponse response) => Attach(response, OwnPages, "same-origin");

    private static void Attach(HttpResponse response, string policy, string referrer) => response.OnStarting(static state =>
    {
        var (response, policy, referrer) = ((HttpResponse, string, string))state;
        var headers = response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.StrictTransportSecurity = "max-age=31536000";
        headers.ContentSecurityPolicy = policy;
        headers["Referrer-Policy"] = referrer;
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers.TryAdd("Cache-Control", "no-store");
        return Task.CompletedTask;
    }, (response, policy, referrer));
}
