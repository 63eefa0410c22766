using System.Text.RegularExpressions;
using Confluent.Kafka;

namespace EdgeMesh.Sidecar.Components.PubSubKafka;

/// <summary>The metadata of a <c>pubsub.kafka</c> component, with daprd's names and defaults.</summary>
internal sealed record KafkaOptions
{
    private static readonly TimeSpan DefaultRetryInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan DefaultHeartbeat = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan DefaultSession = TimeSpan.FromSeconds(10);

    public static readonly string[] Fields =
    [
        "brokers", "consumerGroup", "clientID", "authType", "authRequired", "saslUsername", "saslPassword", "saslMechanism", "initialOffset", "maxMessageBytes",
        "consumeRetryEnabled", "consumeRetryInterval", "version", "heartbeatInterval", "sessionTimeout", "consumerGroupRebalanceStrategy", "consumerFetchMin",
        "consumerFetchDefault", "escapeHeaders", "excludeHeaderMetaRegex", "compression", "caCert", "clientCert", "clientKey", "skipVerify", "disableTls",
        "oidcTokenEndpoint", "oidcClientID", "oidcClientSecret", "oidcScopes", "oidcExtensions", "channelBufferSize", "clientConnectionTopicMetadataRefreshInterval",
        "clientConnectionKeepAliveInterval",
    ];

    /// <summary>What producers, consumers and the first contact share.</summary>
    public required ClientConfig Client { get; init; }

    /// <summary>Where a group begins that has no offset yet.</summary>
    public AutoOffsetReset InitialOffset { get; private init; }

    /// <summary>A message that the app does not take is given to it again, and holds up its partition; otherwise it is passed over.</summary>
    public bool Retries { get; private init; }

    public TimeSpan RetryInterval { get; private init; }

    public TimeSpan Heartbeat { get; private init; }

    public TimeSpan Session { get; private init; }

    public PartitionAssignmentStrategy Assignment { get; private init; }

    public int? FetchMin { get; private init; }

    public int? FetchDefault { get; private init; }

    public int? MaxMessageBytes { get; private init; }

    public CompressionType Compression { get; private init; }

    /// <summary>Values of headers are escaped as in a query.</summary>
    public bool EscapesHeaders { get; private init; }

    /// <summary>Headers that are no metadata, and metadata that is no header.</summary>
    public Regex? ExcludedHeaders { get; private init; }

    /// <exception cref="ArgumentException">A value is missing, or is no such value.</exception>
    public static KafkaOptions Read(ComponentSpec spec) => new()
    {
        Client = KafkaLogin.Read(spec),
        InitialOffset = spec.Choice("initialOffset", "newest", "newest", "oldest") == "oldest" ? AutoOffsetReset.Earliest : AutoOffsetReset.Latest,
        Retries = spec.Flag("consumeRetryEnabled", true),
        RetryInterval = int.TryParse(spec.Text("consumeRetryInterval"), out var milliseconds) && milliseconds >= 0
            ? TimeSpan.FromMilliseconds(milliseconds)
            : spec.Duration("consumeRetryInterval", DefaultRetryInterval),
        Heartbeat = spec.Duration("heartbeatInterval", DefaultHeartbeat),
        Session = spec.Duration("sessionTimeout", DefaultSession),
        Assignment = spec.Choice("consumerGroupRebalanceStrategy", "range", "range", "sticky", "roundrobin") switch
        {
            "range" => PartitionAssignmentStrategy.Range,
            "roundrobin" => PartitionAssignmentStrategy.RoundRobin,
            _ => PartitionAssignmentStrategy.CooperativeSticky,
        },
        FetchMin = Optional(spec, "consumerFetchMin"),
        FetchDefault = Optional(spec, "consumerFetchDefault"),
        MaxMessageBytes = Optional(spec, "maxMessageBytes"),
        Compression = Enum.Parse<CompressionType>(spec.Choice("compression", "none", "none", "gzip", "snappy", "lz4", "zstd"), ignoreCase: true),
        EscapesHeaders = spec.Flag("escapeHeaders", false),
        ExcludedHeaders = Pattern(spec, "excludeHeaderMetaRegex"),
    };

    /// <summary>Of what takes linear time alone: publishers choose the headers' names.</summary>
    private static Regex? Pattern(ComponentSpec spec, string field)
    {
        try
        {
            return spec.Text(field) is { } pattern ? new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant) : null;
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw new ArgumentException($"'{field}' is no pattern: {error.Message}", error);
        }
    }

    private static int? Optional(ComponentSpec spec, string field) => spec.Text(field) is null ? null : (int)spec.Number(field, 0, 1, int.MaxValue);
}
