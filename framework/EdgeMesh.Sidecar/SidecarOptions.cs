namespace EdgeMesh.Sidecar;

/// <summary>What a sidecar process serves.</summary>
public sealed record SidecarOptions
{
    internal const long DefaultMaxBodySize = 4 * 1024 * 1024;
    internal const int DefaultMaxHeaderSize = 32 * 1024;
    internal static readonly TimeSpan DefaultShutdownTimeout = TimeSpan.FromSeconds(5);

    /// <summary>The site: <c>{namespace}</c> in components, and part of the callers' identity.</summary>
    public required string Namespace { get; init; }

    /// <summary>The apps, each with its own ports and token.</summary>
    public required IReadOnlyList<SidecarAppOptions> Apps { get; init; }

    /// <summary>Folders (or files) of Dapr resources.</summary>
    public IReadOnlyList<string> ResourcesPaths { get; init; } = [];

    /// <summary>Whether changed Component, Subscription, Resiliency and HTTPEndpoint resources are taken over while the sidecar runs.</summary>
    public bool WatchesResources { get; init; }

    /// <summary>Files of Dapr Configuration resources, as daprd's <c>--config</c>; a later one goes before an earlier, section by section.</summary>
    public IReadOnlyList<string> ConfigurationPaths { get; init; } = [];

    /// <summary>Port of Prometheus' text with what the sidecars of all apps count; 0 takes a free one, null: none.</summary>
    public int? MetricsPort { get; init; }

    /// <summary>The address that the metrics port listens on.</summary>
    public string MetricsListenAddress { get; init; } = "127.0.0.1";

    /// <summary>Bytes of a request's line and headers together; more is refused with 431.</summary>
    public int MaxHeaderSize { get; init; } = DefaultMaxHeaderSize;

    /// <summary>What relative paths in components are relative to; the current directory when null.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>For TTLs, retries and envelopes; tests move it.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Whether a component that can't be opened ends the start, as with <c>daprd</c>. Otherwise calls to it fail and health names it.</summary>
    public bool ExitOnFailedComponent { get; init; } = true;

    /// <summary>Bytes of a request body; more is refused as daprd does (400 for state, 500 for an invocation, ResourceExhausted by gRPC). Dapr's default is 4 MiB.</summary>
    public long MaxBodySize { get; init; } = DefaultMaxBodySize;

    /// <summary>How long calls in flight may take to end when the sidecar stops.</summary>
    public TimeSpan ShutdownTimeout { get; init; } = DefaultShutdownTimeout;

    /// <summary>The SQLite file that keeps the apps' jobs, made with the first one; <c>jobs.db</c> in the working directory when null.</summary>
    public string? JobsFile { get; init; }

    /// <summary>The IP addresses that the APIs listen on.</summary>
    public IReadOnlyList<string> ListenAddresses { get; init; } = ["127.0.0.1"];

    /// <summary>The IP address that the ports for other sidecars listen on; the first of <see cref="ListenAddresses"/> when null.</summary>
    public string? InternalListenAddress { get; init; }

    /// <summary>Mutual TLS with other sidecars; null: calls between sidecars are plain, and name nobody for access control.</summary>
    public MutualTlsOptions? MutualTls { get; init; }

    /// <summary>The IP address that public ports listen on.</summary>
    public string PublicListenAddress { get; init; } = "127.0.0.1";

    /// <summary>Origins whose pages may call the HTTP API from a browser, as daprd's <c>--allowed-origins</c>: <c>*</c>, or addresses with at
    /// most one <c>*</c> in each. Empty: nobody asks.</summary>
    public IReadOnlyList<string> AllowedOrigins { get; init; } = [];

    /// <summary>Adds to the services of the sidecar's own host, after its server: for a program that holds sidecar and apps and has a
    /// shorter way between them than a socket; null: nothing.</summary>
    public Action<Microsoft.Extensions.DependencyInjection.IServiceCollection>? Services { get; init; }

    /// <summary>For tests: stands between the sidecar and its components; null: nothing does.</summary>
    public ComponentTap? Tap { get; init; }

    /// <summary>Reads what <c>secretstores.local.env</c> gives out; the process environment when null.</summary>
    public IReadOnlyDictionary<string, string>? Environment { get; init; }
}

/// <summary>One app behind the sidecar.</summary>
public sealed record SidecarAppOptions
{
    /// <summary>The app's Dapr id.</summary>
    public required string AppId { get; init; }

    /// <summary>Where the app listens; null when it only calls.</summary>
    public Uri? AppEndpoint { get; init; }

    /// <summary>How the app listens there.</summary>
    public AppProtocol AppProtocol { get; init; }

    /// <summary>Makes the way to the app from the sidecar's own handler, or in its place: for tests, and for a process that holds both; null:
    /// the sidecar's own. Called twice for an app that speaks gRPC: for Dapr's callbacks, and for the app's own services.</summary>
    public Func<HttpMessageHandler, HttpMessageHandler>? AppHandler { get; init; }

    /// <summary>Port of the HTTP API; 0 takes a free one.</summary>
    public int HttpPort { get; init; }

    /// <summary>Port of the gRPC API; 0 takes a free one.</summary>
    public int GrpcPort { get; init; }

    /// <summary>Port for other sidecars of the machine; 0 takes a free one, null: none, unless a Configuration names a name resolution.</summary>
    public int? InternalGrpcPort { get; init; }

    /// <summary>Whom sentry is asked to name in the certificate in place of <see cref="AppId"/> (daprd's <c>SENTRY_LOCAL_IDENTITY</c>); null: the
    /// app. As with daprd, other sidecars then refuse to call it: they look for the app's own name.</summary>
    public string? Identity { get; init; }

    /// <summary>Port of health and metadata alone, which needs no token; 0 takes a free one, null: none.</summary>
    public int? PublicPort { get; init; }

    /// <summary>A folder for the sockets <c>dapr-{id}-http.socket</c> and <c>dapr-{id}-grpc.socket</c>, which take the place of the APIs' ports;
    /// null: the APIs have ports.</summary>
    public string? UnixSocketFolder { get; init; }

    /// <summary>Calls and messages that are at the app at a time; null: as many as come.</summary>
    public int? MaxConcurrency { get; init; }

    /// <summary>Whether the app is asked what it subscribes (daprd's <c>--disable-init-endpoints subscribe</c>).</summary>
    public bool AsksForSubscriptions { get; init; } = true;

    /// <summary>Whether the app is asked for its configuration of actors (daprd's <c>--disable-init-endpoints config</c>).</summary>
    public bool AsksForConfiguration { get; init; } = true;

    /// <summary>How the app's health is probed; null: it isn't, and the app counts as healthy.</summary>
    public AppHealthOptions? HealthCheck { get; init; }

    /// <summary>Folders (or files) of Dapr resources for this app, beside the process's.</summary>
    public IReadOnlyList<string> ResourcesPaths { get; init; } = [];

    /// <summary>Port of Prometheus' text with what this app's sidecar counts; 0 takes a free one, null: none.</summary>
    public int? MetricsPort { get; init; }

    /// <summary>Whether each call of the API is a line in the log (daprd's <c>--enable-api-logging</c>).</summary>
    public bool LogsApiCalls { get; init; }

    /// <summary>What callers of the API must send as <c>dapr-api-token</c>; null: nothing.</summary>
    public string? ApiToken { get; init; }

    /// <summary>What the sidecar sends to the app as <c>dapr-api-token</c>; null: nothing.</summary>
    public string? AppToken { get; init; }
}
