using System.Net;

namespace EdgeMesh.Services.Gateway;

/// <summary>What the gateway reads at start, checked. Keys below <c>EdgeMesh:Gateway:</c>.</summary>
internal sealed record GatewayOptions
{
    /// <summary>The issuer of <c>edgemesh token</c>; a name that nobody can own.</summary>
    public const string DevelopmentIssuer = "https://issuer.edgemesh.invalid";

    /// <summary>Where the app listener listens: loopback only (setting <c>urls</c>).</summary>
    public required IReadOnlyList<IPEndPoint> AppEndpoints { get; init; }

    /// <summary><c>Address</c>: where the two doors listen.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary><c>PublicPort</c>: null leaves the public door shut, 0 takes a free port.</summary>
    public int? PublicPort { get; init; }

    /// <summary><c>MeshPort</c>: null leaves the mesh door shut, 0 takes a free port.</summary>
    public int? MeshPort { get; init; }

    /// <summary><c>Issuer</c>: the issuer of keys in <c>issuer-jwks</c> that name none by a member <c>iss</c>.</summary>
    public string Issuer { get; init; } = DevelopmentIssuer;

    /// <summary><c>Audience</c>: whom tokens must be meant for; the public URL when left out.</summary>
    public string Audience { get; init; } = "";

    /// <summary><c>ConsoleUrl</c>: where the monitor serves the console; null: this door has none.</summary>
    public Uri? ConsoleUrl { get; init; }

    /// <summary><c>BodyLimit</c>: bytes of one request. The default is what a sidecar takes; more needs a larger limit there too.</summary>
    public long BodyLimit { get; init; } = 4 * 1024 * 1024;

    /// <summary><c>BufferLimit</c>: bytes of all requests that are being read at a time.</summary>
    public long BufferLimit { get; init; } = 64 * 1024 * 1024;

    /// <summary><c>Concurrency</c>: requests under way at a time, at each door.</summary>
    public int Concurrency { get; init; } = 256;

    /// <summary><c>PingSeconds</c>: after so long without a byte another site is pinged, and after as long again given up.</summary>
    public TimeSpan PingDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary><c>RequestSeconds</c>: for one request as a whole.</summary>
    public TimeSpan RequestLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary><c>FeedSeconds</c>: for one page of a feed, whose long poll may take a minute.</summary>
    public TimeSpan FeedLimit { get; init; } = TimeSpan.FromSeconds(75);
}
