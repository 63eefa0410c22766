using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using RabbitMQ.Client;

namespace EdgeMesh.Sidecar.Components.PubSubRabbitMq;

/// <summary>The metadata of a <c>pubsub.rabbitmq</c> component, with daprd's names and defaults.</summary>
internal sealed record RabbitOptions
{
    /// <summary>Where the component sets no <c>prefetchCount</c>: daprd would take all that the queue holds into memory.</summary>
    private const ushort DefaultMostInHand = 256;

    private static readonly TimeSpan DefaultReconnectWait = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan DefaultHeartBeat = TimeSpan.FromSeconds(10);

    public static readonly string[] Fields =
    [
        "connectionString", "host", "protocol", "hostname", "username", "password", "durable", "deletedWhenUnused", "enableDeadLetter", "autoAck",
        "requeueInFailure", "deliveryMode", "prefetchCount", "reconnectWaitSeconds", "reconnectWait", "maxLen", "maxLenBytes", "exchangeKind", "publisherConfirm",
        "concurrencyMode", "concurrency", "ttlInSeconds", "clientName", "heartBeat", "publishMessagePropertiesToMetadata", "caCert", "clientCert", "clientKey", "saslExternal",
    ];

    /// <summary>Exchanges and queues survive a restart of the broker.</summary>
    public bool Durable { get; private init; }

    /// <summary>Exchanges and queues go with their last user.</summary>
    public bool AutoDelete { get; private init; }

    /// <summary>What is given up goes to the queue's dead letter exchange: the broker's own, beside Dapr's dead letter topic.</summary>
    public bool DeadLetters { get; private init; }

    /// <summary>A message is done with when it was sent to the sidecar.</summary>
    public bool AutoAck { get; private init; }

    /// <summary>What the app did not take goes back into the queue; otherwise it is given up.</summary>
    public bool Requeue { get; private init; }

    /// <summary>A publish returns when the broker has the message.</summary>
    public bool Confirms { get; private init; }

    public bool Persistent { get; private init; }

    /// <summary>Messages that the app works on at a time, of one subscription: one after the other if the component says so, else its
    /// <c>prefetchCount</c>.</summary>
    public ushort MostInHand { get; private init; }

    public TimeSpan ReconnectWait { get; private init; }

    public long MaxLength { get; private init; }

    public long MaxBytes { get; private init; }

    public string ExchangeKind { get; private init; } = "";

    /// <summary>How long a message that says nothing else may wait.</summary>
    public TimeSpan? TimeToLive { get; private init; }

    /// <summary>An app sees a message's AMQP properties as metadata.</summary>
    public bool TellsProperties { get; private init; }

    /// <exception cref="ArgumentException">A value is missing, or is no such value.</exception>
    public static RabbitOptions Read(ComponentSpec spec) => new()
    {
        Durable = spec.Flag("durable", true),
        AutoDelete = spec.Flag("deletedWhenUnused", true),
        DeadLetters = spec.Flag("enableDeadLetter", false),
        AutoAck = spec.Flag("autoAck", false),
        Requeue = spec.Flag("requeueInFailure", false),
        Confirms = spec.Flag("publisherConfirm", false),
        Persistent = spec.Number("deliveryMode", 0, 0, 2) == 2,
        MostInHand = IsSingle(spec) ? (ushort)1 : spec.Number("prefetchCount", 0, 0, byte.MaxValue) is > 0 and var prefetch ? (ushort)prefetch : DefaultMostInHand,
        ReconnectWait = spec.Duration("reconnectWaitSeconds", spec.Duration("reconnectWait", DefaultReconnectWait)),
        MaxLength = spec.Number("maxLen", 0, 0, long.MaxValue),
        MaxBytes = spec.Number("maxLenBytes", 0, 0, long.MaxValue),
        ExchangeKind = spec.Choice("exchangeKind", "fanout", "fanout", "topic", "direct", "headers"),
        TimeToLive = spec.Text("ttlInSeconds") is null ? null : TimeSpan.FromSeconds(spec.Number("ttlInSeconds", 0, 1, int.MaxValue)),
        TellsProperties = spec.Flag("publishMessagePropertiesToMetadata", false),
    };

    private static bool IsSingle(ComponentSpec spec) =>
        spec.Choice(spec.Text("concurrencyMode") is null ? "concurrency" : "concurrencyMode", "parallel", "parallel", "single") == "single";

    /// <summary>How to reach the broker. Connections are not healed by the client: whoever uses one knows best what to set up anew.</summary>
    /// <exception cref="ArgumentException">A value is missing, or is no such value.</exception>
    public static ConnectionFactory Connect(ComponentSpec spec)
    {
        var factory = new ConnectionFactory
        {
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = spec.Duration("heartBeat", DefaultHeartBeat),
            ClientProvidedName = spec.Text("clientName") ?? spec.Name,
        };
        factory.Uri = Address(spec);
        if (factory.Ssl.Enabled || spec.Text("caCert") is not null)
        {
            Secure(factory, spec);
        }

        return factory;
    }

    private static Uri Address(ComponentSpec spec)
    {
        if ((spec.Text("connectionString") ?? spec.Text("host")) is { } text)
        {
            var uri = Uri.TryCreate(text, UriKind.Absolute, out var parsed) && parsed.Scheme is "amqp" or "amqps"
                ? parsed!
                : throw new ArgumentException("'connectionString' must be an address such as amqp://user:password@host:5672.");
            return spec.Text("protocol") is { } protocol && protocol != uri.Scheme
                ? throw new ArgumentException($"'protocol' is '{protocol}', and 'connectionString' begins with '{uri.Scheme}'. Give one of them.")
                : uri;
        }

        var login = spec.Text("username") is { } user ? Uri.EscapeDataString(user) + (spec.Text("password") is { } password ? ":" + Uri.EscapeDataString(password) : "") + "@" : "";
        return new Uri($"{spec.Choice("protocol", "amqp", "amqp", "amqps")}://{login}{spec.Text("hostname") ?? "localhost"}");
    }

    private static void Secure(ConnectionFactory factory, ComponentSpec spec)
    {
        factory.Ssl.Enabled = true;
        factory.Ssl.ServerName = factory.HostName;
        if (spec.Text("caCert") is { } authority)
        {
            var root = X509Certificate2.CreateFromPem(authority);
            factory.Ssl.CertificateValidationCallback = (_, certificate, _, errors) => TrustedBy(root, certificate, errors);
        }

        if (spec.Text("clientCert") is { } certificate)
        {
            var key = spec.Text("clientKey") ?? throw new ArgumentException("'clientCert' needs 'clientKey'.");
            factory.Ssl.Certs = [X509Certificate2.CreateFromPem(certificate, key)];
        }

        if (spec.Flag("saslExternal", false))
        {
            factory.AuthMechanisms = factory.Ssl.Certs is { Count: > 0 } ? [new ExternalMechanismFactory()] : throw new ArgumentException("'saslExternal' needs 'caCert', 'clientCert' and 'clientKey'.");
        }
    }

    private static bool TrustedBy(X509Certificate2 root, X509Certificate? certificate, SslPolicyErrors errors)
    {
        if (certificate is null || (errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0)
        {
            return false;
        }

        using var chain = new X509Chain { ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, CustomTrustStore = { root } } };
        return chain.Build(X509CertificateLoader.LoadCertificate(certificate.GetRawCertData()));
    }
}
