using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Sidecar.Resources;

/// <summary>Reads an HTTPEndpoint resource (v1alpha1).</summary>
internal static class HttpEndpointReader
{
    /// <summary>Null: it can't be used; the faults say why.</summary>
    public static HttpEndpointResource? Read(YamlReader yaml, YamlMappingNode root, string name, YamlMappingNode spec, IReadOnlyList<string> scopes)
    {
        yaml.OnlyKeys(root, "apiVersion", "kind", "metadata", "spec", "scopes", "auth");
        yaml.OnlyKeys(spec, "baseUrl", "headers", "clientTLS");
        if (yaml.Text(spec, "baseUrl", required: true) is not { } text)
        {
            return null;
        }

        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"))
        {
            yaml.Fault(spec, $"'baseUrl' must be an address of http or https, and is '{text}'.");
            return null;
        }

        var tls = yaml.Mapping(spec, "clientTLS");
        if (tls is not null)
        {
            yaml.OnlyKeys(tls, "rootCA", "certificate", "privateKey", "renegotiation");
            if (yaml.Text(tls, "renegotiation") is not (null or "" or "RenegotiateNever"))
            {
                yaml.Fault(tls, "'renegotiation' is served as RenegotiateNever alone: TLS 1.3 has no other.");
            }
        }

        return new HttpEndpointResource(name, url, yaml.At(root))
        {
            Headers = [.. yaml.Sequence(spec, "headers").OfType<YamlMappingNode>().Select(h => MetadataItem.Read(yaml, h, yaml.Text(h, "name", required: true) ?? ""))],
            RootCa = Pem(yaml, tls, "rootCA"),
            Certificate = Pem(yaml, tls, "certificate"),
            PrivateKey = Pem(yaml, tls, "privateKey"),
            Scopes = scopes,
            SecretStore = yaml.Mapping(root, "auth") is { } auth ? yaml.Text(auth, "secretStore") : null,
        };
    }

    private static MetadataItem? Pem(YamlReader yaml, YamlMappingNode? tls, string key) =>
        tls is not null && yaml.Mapping(tls, key) is { } node ? MetadataItem.Read(yaml, node, key) : null;
}
