using Microsoft.IdentityModel.Tokens;
using NSec.Cryptography;

namespace EdgeMesh.Services.Gateway.Tokens;

/// <summary>An Ed25519 public key (RFC 8037), which the token library does not know by itself.</summary>
internal sealed class EdDsaSecurityKey : AsymmetricSecurityKey
{
    public const string AlgorithmName = "EdDSA";

    private readonly PublicKey _key;

    public EdDsaSecurityKey(byte[] key)
    {
        _key = PublicKey.Import(SignatureAlgorithm.Ed25519, key, KeyBlobFormat.RawPublicKey);
        CryptoProviderFactory = new CryptoProviderFactory { CustomCryptoProvider = new Provider(this), CacheSignatureProviders = false };
    }

    public override int KeySize => 256;

    public override PrivateKeyStatus PrivateKeyStatus => PrivateKeyStatus.DoesNotExist;

    [Obsolete("Declared so by the base class.")]
    public override bool HasPrivateKey => false;

    private sealed class Provider(EdDsaSecurityKey key) : ICryptoProvider
    {
        public bool IsSupportedAlgorithm(string algorithm, params object[] args) => algorithm == AlgorithmName && args is [EdDsaSecurityKey given, ..] && given == key;

        public object Create(string algorithm, params object[] args) => new Verifier(key);

        public void Release(object cryptoInstance) => (cryptoInstance as IDisposable)?.Dispose();
    }

    private sealed class Verifier(EdDsaSecurityKey key) : SignatureProvider(key, AlgorithmName)
    {
        public override byte[] Sign(byte[] input) => throw new NotSupportedException("Issuers' keys are public.");

        public override bool Verify(byte[] input, byte[] signature) => SignatureAlgorithm.Ed25519.Verify(key._key, input, signature);

        public override bool Verify(byte[] input, int inputOffset, int inputLength, byte[] signature, int signatureOffset, int signatureLength) =>
            SignatureAlgorithm.Ed25519.Verify(key._key, input.AsSpan(inputOffset, inputLength), signature.AsSpan(signatureOffset, signatureLength));

        protected override void Dispose(bool disposing)
        {
            // It holds nothing of its own.
        }
    }
}
