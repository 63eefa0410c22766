using System.Text.RegularExpressions;
using Confluent.Kafka;

namespace EdgeMesh.Sidecar.Components.PubSubKafka;

/// <summary>How a component reaches and convinces its brokers.</summary>
internal static partial class KafkaLogin
{
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

    private static string Required(ComponentSpec spec, string field, string type) =>
        spec.Text(field) ?? throw new ArgumentException($"'{field}' is missing, and 'authType' {type} needs it.");

    [GeneratedRegex(@"^\d+(\.\d+){1,3}$", RegexOptions.CultureInvariant)]
    private static partial Regex Version();
}
