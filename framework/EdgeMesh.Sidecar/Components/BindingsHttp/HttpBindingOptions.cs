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

    /// <summary>What an answer has beyond it is not read.</summary>
    public long MaxResponseBodySize { get; private init; }

    private bool ErrorIfNot2xx { get; init; }

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
            ErrorIfNot2xx = IsTrue(spec["errorIfNot2XX"], normal: true),
            SecurityTokenHeader = spec["securityTokenHeader"] is { Length: > 0 } header ? header : null,
            SecurityToken = spec["securityToken"] ?? "",
        };
    }

    /// <summary>Whether another status than a success is a failure: as the request says, else as the component does.</summary>
    public bool IsError(IReadOnlyDictionary<string, string> metadata) => IsTrue(metadata.GetValueOrDefault("errorIfNot2XX"), ErrorIfNot2xx);

    /// <summary>What is none of these words is false.</summary>
    private static bool IsTrue(string? text, bool normal) => text is { Length: > 0 } ? text.Trim().ToLowerInvariant() is "true" or "t" or "1" or "y" or "yes" or "on" : normal;

    private static long Size(string? text) => text switch
    {
        null or "" or "0" => DefaultMaxResponseBodySize,
        _ when Quantity.TryParse(text, out var bytes) => bytes,
        _ => throw new ArgumentException($"'maxResponseBodySize' must be a number of bytes or a quantity such as 100Mi, and is '{text}'."),
    };
}
