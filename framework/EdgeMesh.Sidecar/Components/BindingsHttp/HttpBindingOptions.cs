using EdgeMesh.Sidecar.CommandLine;

namespace EdgeMesh.Sidecar.Components.BindingsHttp;

/// <summary>The metadata of a <c>bindings.http</c> component.</summary>
/// <param name="Url">What every request's path goes behind.</param>
internal sealed record HttpBindingOptions(string Url)
{
    public static readonly string[] Fields = ["url", "responseTimeout", "maxResponseBodySize", "errorIfNot2XX", "securityToken", "securityTokenHeader"];

    private const long DefaultMaxResponseBodySize = 100L << 20;
    private static readonly TimeSpan DefaultResponseTimeout = TimeSpan.FromSeconds(30);

    public TimeSpan ResponseTimeout { get; private init; }

    public long MaxResponseBodySize { get; private init; }

    public bool ErrorIfNot2xx { get; private init; }

    /// <summary>Null: no token is sent.</summary>
    public string? SecurityTokenHeader { get; private init; }

    public string SecurityToken { get; private init; } = "";

    /// <exception cref="ArgumentException">A field is missing or no such value.</exception>
    public static HttpBindingOptions Read(ComponentSpec spec)
    {
        if (!Uri.TryCreate(spec["url"], UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            throw new ArgumentException($"'url' must be an http or https address, and is '{spec["url"]}'.");
        }

        var timeout = spec["responseTimeout"] is { Length: > 0 } text ? GoDuration.Parse(text, "responseTimeout") : DefaultResponseTimeout;
        return new HttpBindingOptions(spec["url"]!)
        {
            ResponseTimeout = timeout > TimeSpan.Zero ? timeout : throw new ArgumentException($"'responseTimeout' must be more than nothing, and is '{spec["responseTimeout"]}'."),
            MaxResponseBodySize = Size(spec["maxResponseBodySize"]),
            ErrorIfNot2xx = spec["errorIfNot2XX"] is not ("false" or "False" or "0" or "no" or "n" or "f"),
            SecurityTokenHeader = spec["securityTokenHeader"] is { Length: > 0 } header ? header : null,
            SecurityToken = spec["securityToken"] ?? "",
        };
    }

    private static long Size(string? text) => text switch
    {
        null or "" => DefaultMaxResponseBodySize,
        _ when Quantity.TryParse(text, out var bytes) => bytes,
        _ => throw new ArgumentException($"'maxResponseBodySize' must be a number of bytes or a quantity such as 100Mi, and is '{text}'."),
    };
}
