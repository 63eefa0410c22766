using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Gateway.Forwarding;

/// <summary>Headers by which services know who calls and where they are: they come from the gateway or from nobody.</summary>
internal static class HeaderRules
{
    private static readonly string[] Prefixes = ["dapr-", "X-EdgeMesh-", "X-Forwarded-", "X-Original-"];

    private static readonly HashSet<string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        "Forwarded", "X-Real-IP", "Authorization", "Proxy-Authorization", "Cookie", "baggage", "Expect",
    };

    /// <summary>Removes them from what came in, so that nothing after this line can read them.</summary>
    /// <param name="headers">The request's headers.</param>
    /// <param name="keepForwardedCaller">For sites: the user whom they forward, in a token that the service verifies.</param>
    public static void Strip(IHeaderDictionary headers, bool keepForwardedCaller = false)
    {
        foreach (var name in headers.Keys.Where(IsOurs).ToArray())
        {
            if (!keepForwardedCaller || !name.Equals(CallerTokens.ForwardedHeader, StringComparison.OrdinalIgnoreCase))
            {
                headers.Remove(name);
            }
        }
    }

    /// <summary>Removes from an answer what only concerns the site's insides.</summary>
    public static void CleanAnswer(IHeaderDictionary headers)
    {
        foreach (var name in headers.Keys.Where(n => n.StartsWith("dapr-", StringComparison.OrdinalIgnoreCase)).ToArray())
        {
            headers.Remove(name);
        }

        headers.Remove("Server");
        headers.Remove("traceparent");
        headers.Remove("X-Powered-By");
        headers.Remove(CallerTokens.Header);
        headers.Remove(CallerTokens.ForwardedHeader);
    }

    private static bool IsOurs(string name) => Names.Contains(name) || Prefixes.Any(p => name.StartsWith(p, StringComparison.OrdinalIgnoreCase));
}
