namespace EdgeMesh.Sidecar.Resources;

/// <summary>An HTTPEndpoint resource as written: a server outside that is invoked by a name.</summary>
/// <param name="Name">What apps call it.</param>
/// <param name="BaseUrl">Of http or https, perhaps with a path.</param>
/// <param name="Source">File and line.</param>
internal sealed record HttpEndpointResource(string Name, Uri BaseUrl, string Source)
{
    /// <summary>Sent with every call.</summary>
    public IReadOnlyList<MetadataItem> Headers { get; init; } = [];

    /// <summary>PEM: who may have signed the server's certificate; null: whom the machine trusts.</summary>
    public MetadataItem? RootCa { get; init; }

    /// <summary>PEM: who we are.</summary>
    public MetadataItem? Certificate { get; init; }

    /// <summary>PEM.</summary>
    public MetadataItem? PrivateKey { get; init; }

    public IReadOnlyList<string> Scopes { get; init; } = [];

    public string? SecretStore { get; init; }
}
