namespace EdgeMesh.Services.Gateway.Doors;

/// <summary>What every answer of the public door tells browsers and caches. A service may allow caching of what is public.</summary>
internal static class SecurityHeaders
{
    public static void Attach(HttpResponse response) => response.OnStarting(static state =>
    {
        var headers = ((HttpResponse)state).Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.StrictTransportSecurity = "max-age=31536000";
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        headers.TryAdd("Cache-Control", "no-store");
        return Task.CompletedTask;
    }, response);
}
