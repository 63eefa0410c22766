namespace EdgeMesh.Telemetry;

/// <summary>Where log records go, and how fast.</summary>
public sealed record LogShippingOptions
{
    /// <summary>Elasticsearch or OpenSearch, such as <c>https://logs.example:9200</c>.</summary>
    public required Uri Url { get; init; }

    /// <summary>Where records wait.</summary>
    public required LogSpoolOptions Spool { get; init; }

    /// <summary>The data stream. Its name must begin with <c>logs-edgemesh-</c>: the templates are for those.</summary>
    public string Stream { get; init; } = "logs-edgemesh-default";

    /// <summary>An Elasticsearch API key, in its encoded form.</summary>
    public string? ApiKey { get; init; }

    /// <summary>Instead of a key: a user of the basic scheme.</summary>
    public string? User { get; init; }

    /// <summary>The user's password.</summary>
    public string? Password { get; init; }

    /// <summary>A PEM file with the authorities to trust, when the server's certificate is not of a public one.</summary>
    public string? CaFile { get; init; }

    /// <summary>Bytes a second that may be sent; null: as fast as the server takes them.</summary>
    public long? BytesPerSecond { get; init; }

    /// <summary>Whether templates and lifecycle are made when they are missing. Without it the operator installs them from <c>infra/</c>, and
    /// the key needs no right on the cluster.</summary>
    public bool CreateTemplates { get; init; } = true;

    /// <summary>Records in one request.</summary>
    public int BatchRecords { get; init; } = 2000;

    /// <summary>Bytes in one request, before compression.</summary>
    public int BatchBytes { get; init; } = 1024 * 1024;

    /// <summary>How long the first record waits for company.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long one request may take.</summary>
    public TimeSpan RequestLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest pause between two tries.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The longest pause when only an operator can help: the key is refused, a template is in the way.</summary>
    public TimeSpan LongestHold { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Bytes of records that the index refused for good, kept for a look; the older half goes first.</summary>
    public long DeadLetterQuota { get; init; } = 16 * 1024 * 1024;

    /// <summary>For pauses.</summary>
    internal Random Random { get; init; } = Random.Shared;

    /// <summary>Instead of the network; for tests.</summary>
    internal HttpMessageHandler? Handler { get; init; }
}
