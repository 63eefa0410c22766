using NSec.Cryptography;

namespace EdgeMesh.Functions;

/// <summary>An Ed25519 key that signs bundles and deployments. Owned by who deploys; sites know its public half.</summary>
public sealed class DeployerKey : IDisposable
{
    private readonly Key _key;

    private DeployerKey(string name, Key key)
    {
        (Name, _key) = (name, key);
        Public = new DeployerIdentity(name, key.PublicKey.Export(KeyBlobFormat.RawPublicKey));
    }

    /// <summary>Who it belongs to, such as <c>ops</c>.</summary>
    public string Name { get; }

    /// <summary>What sites are told.</summary>
    public DeployerIdentity Public { get; }

    /// <summary>A new key.</summary>
    public static DeployerKey Create(string name) =>
        new(name, Key.Create(SignatureAlgorithm.Ed25519, new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport }));

    /// <summary>A key from its 32 bytes; null when they are none.</summary>
    public static DeployerKey? FromSeed(string name, ReadOnlySpan<byte> seed) =>
        Key.TryImport(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey, out var key, new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport })
            ? new DeployerKey(name, key!)
            : null;

    /// <summary>The 32 bytes to keep secret.</summary>
    public byte[] ExportSeed() => _key.Export(KeyBlobFormat.RawPrivateKey);

    /// <inheritdoc/>
    public void Dispose() => _key.Dispose();

    internal byte[] Sign(ReadOnlySpan<byte> message) => SignatureAlgorithm.Ed25519.Sign(_key, message);
}

/// <summary>A deployer as sites know them.</summary>
/// <param name="Name">Who it is.</param>
/// <param name="PublicKey">Ed25519, 32 bytes.</param>
public sealed record DeployerIdentity(string Name, ReadOnlyMemory<byte> PublicKey)
{
    internal bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        NSec.Cryptography.PublicKey.TryImport(SignatureAlgorithm.Ed25519, PublicKey.Span, KeyBlobFormat.RawPublicKey, out var key)
        && SignatureAlgorithm.Ed25519.Verify(key!, message, signature);
}
