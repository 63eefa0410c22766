using System.Text.Json;
using System.Text.RegularExpressions;
using Confluent.Kafka;

namespace EdgeMesh.Sidecar.Components.PubSubKafka;

/// <summary>How a component reaches and convinces its brokers.</summary>
internal static partial class KafkaLogin
{
    /// <summary>What librdkafka takes, in milliseconds.</summary>
    private const int MostRefresh = 3_600_000;

    /// <exception cref="ArgumentException">A value is missing, or is no such value.</exception>
    public static ClientConfig Read(ComponentSpec spec)
    {
        // librdkafka asks brokers for their version; the field is only looked at.
        if (spec.Text("version") is { } version && !Version().IsMatch(version))
        {
            throw new ArgumentException($"'version' must be a version of Kafka such as 2.0.0, and is '{version}'.");
        }

        var config = new ClientConfig
        {
            BootstrapServers = spec.Text("brokers") ?? throw new ArgumentException("'brokers' is missing. Give them such as 127.0.0.1:9092."),
            ClientId = spec.Text("clientID") ?? "sarama",
            TopicMetadataRefreshIntervalMs = spec.Duration("clientConnectionTopicMetadataRefreshInterval", TimeSpan.Zero) is { TotalMilliseconds: > 0 and <= MostRefresh } refresh ? (int)refresh.TotalMilliseconds : null,
            // How long a connection is still before it is asked is the system's matter with librdkafka.
            SocketKeepaliveEnable = spec.Duration("clientConnectionKeepAliveInterval", TimeSpan.Zero) > TimeSpan.Zero ? true : null,
        };
        var type = spec.Choice("authType", FromOldField(spec), "none", "password", "oidc", "mtls", "certificate");
        Secure(config, spec, type);
        switch (type)
        {
            case "password":
                config.SaslUsername = Required(spec, "saslUsername", type);
                config.SaslPassword = Required(spec, "saslPassword", type);
                config.SaslMechanism = spec.Choice("saslMechanism", "PLAINTEXT", "PLAINTEXT", "SHA-256", "SHA-512") switch
                {
                    "SHA-256" => SaslMechanism.ScramSha256,
                    "SHA-512" => SaslMechanism.ScramSha512,
                    _ => SaslMechanism.Plain,
                };
                break;
            case "oidc":
                config.SaslMechanism = SaslMechanism.OAuthBearer;
                config.SaslOauthbearerMethod = SaslOauthbearerMethod.Oidc;
                config.SaslOauthbearerTokenEndpointUrl = Required(spec, "oidcTokenEndpoint", type);
                config.SaslOauthbearerClientId = Required(spec, "oidcClientID", type);
                config.SaslOauthbearerClientSecret = Required(spec, "oidcClientSecret", type);
                config.SaslOauthbearerExtensions = Extensions(spec);
                config.SaslOauthbearerScope = (spec.Text("oidcScopes") ?? "openid").Replace(',', ' ');
                break;
        }

        return config;
    }

    /// <summary>TLS, unless there is no login or it is switched off: daprd's rule.</summary>
    private static void Secure(ClientConfig config, ComponentSpec spec, string type)
    {
        var isSecure = !spec.Flag("disableTls", false) && (type != "none" || spec.Text("caCert") is not null);
        var isLogin = type is "password" or "oidc";
        config.SecurityProtocol = (isSecure, isLogin) switch
        {
            (true, true) => SecurityProtocol.SaslSsl,
            (true, false) => SecurityProtocol.Ssl,
            (false, true) => SecurityProtocol.SaslPlaintext,
            _ => SecurityProtocol.Plaintext,
        };
        if (!isSecure)
        {
            return;
        }

        config.SslCaPem = type == "certificate" ? Required(spec, "caCert", type) : spec.Text("caCert");
        config.EnableSslCertificateVerification = !spec.Flag("skipVerify", false);
        if ((spec.Text("clientCert") is null) != (spec.Text("clientKey") is null))
        {
            throw new ArgumentException("'clientCert' and 'clientKey' need each other.");
        }

        (config.SslCertificatePem, config.SslKeyPem) = (spec.Text("clientCert"), spec.Text("clientKey"));
    }

    private static string FromOldField(ComponentSpec spec) => spec.Text("authRequired") is null
        ? spec.Text("authType") ?? throw new ArgumentException("'authType' is missing. Give none, password, oidc, mtls or certificate.")
        : !spec.Flag("authRequired", false) ? "none"
        : spec.Text("saslPassword") is null ? "mtls" : "password";

    /// <summary>A JSON object in the component, pairs for librdkafka.</summary>
    private static string? Extensions(ComponentSpec spec)
    {
        if (spec.Text("oidcExtensions") is not { } text)
        {
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(text);
            return string.Join(',', json.RootElement.EnumerateObject().Select(e => $"{e.Name}={e.Value}"));
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new ArgumentException($"'oidcExtensions' must be a JSON object of texts, and is '{text}'.");
        }
    }

    private static string Required(ComponentSpec spec, string field, string type) =>
        spec.Text(field) ?? throw new ArgumentException($"'{field}' is missing, and 'authType' {type} needs it.");

    [GeneratedRegex(@"^\d+(\.\d+){1,3}$", RegexOptions.CultureInvariant)]
    private static partial Regex Version();
}
