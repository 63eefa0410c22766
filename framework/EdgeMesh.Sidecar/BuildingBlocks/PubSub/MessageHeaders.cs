using System.Net.Http.Headers;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>daprd gives a message's metadata to the app as request headers. So does this, except for headers that mean something to HTTP,
/// to Dapr or to EdgeMesh: whoever may publish must not speak in their name.</summary>
internal static class MessageHeaders
{
    private static readonly string[] ReservedStarts = ["dapr-", "x-edgemesh-", "x-forwarded-", "content-", "proxy-", "sec-", "grpc-"];

    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "accept", "authorization", "baggage", "connection", "cookie", "expect", "forwarded", "host", "keep-alive", "origin", "pubsubname",
        "te", "trailer", "transfer-encoding", "traceparent", "tracestate", "upgrade", "user-agent", "via",
    };

    public static void Add(HttpRequestHeaders headers, IReadOnlyDictionary<string, string> metadata)
    {
        foreach (var (name, value) in metadata)
        {
            if (!Reserved.Contains(name) && IsValue(value) && !Array.Exists(ReservedStarts, r => name.StartsWith(r, StringComparison.OrdinalIgnoreCase)))
            {
                headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    /// <summary>Printable ASCII: nothing that ends a header.</summary>
    public static bool IsValue(string value) => !value.AsSpan().ContainsAnyExceptInRange(' ', '~');
}
