using System.Security.Cryptography;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components.CryptoLocalStorage;
using EdgeMesh.Sidecar.Metrics;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.Cryptography;

/// <summary>Encryption and decryption of streams, whatever the transport.</summary>
internal static class CryptographyBlock
{
    public static CryptoProvider Keys(AppRuntime app, string name)
    {
        if (app.Find(name) is not { } component || !component.Spec.Type.StartsWith("crypto.", StringComparison.Ordinal))
        {
            throw app.Has("crypto.")
                ? new DaprFault("ERR_CRYPTO_PROVIDER_NOT_FOUND", $"crypto provider {name} not found", 400, StatusCode.InvalidArgument)
                : new DaprFault("ERR_CRYPTO_PROVIDERS_NOT_CONFIGURED", "crypto providers not configured", 500, StatusCode.FailedPrecondition);
        }

        return component.Driver is LocalStorageKeys keys
            ? new CryptoProvider(keys, app.Resilience.Outbound(component.Spec)) { Counted = (app, name) }
            : throw new DaprFault("ERR_CRYPTO_PROVIDERS_NOT_CONFIGURED", $"crypto provider {name} is not open: {component.Failure}", 500, StatusCode.FailedPrecondition);
    }

    /// <param name="keyName">The key that wraps.</param>
    /// <param name="algorithm">How; daprd takes its name in any case.</param>
    /// <param name="cipher">Empty: AES-GCM.</param>
    /// <param name="writtenKeyName">Empty: the document names the key that wraps.</param>
    /// <param name="omitsKeyName">The document names no key.</param>
    public static EncryptionChoice Choose(string keyName, string algorithm, string cipher, string writtenKeyName, bool omitsKeyName) => new(
        keyName,
        algorithm.ToUpperInvariant() switch
        {
            "A256KW" or "AES" => KeyWrapAlgorithm.A256KW,
            "A128CBC-NOPAD" => KeyWrapAlgorithm.A128CbcNoPad,
            "A192CBC-NOPAD" => KeyWrapAlgorithm.A192CbcNoPad,
            "A256CBC-NOPAD" => KeyWrapAlgorithm.A256CbcNoPad,
            "RSA-OAEP-256" or "RSA" => KeyWrapAlgorithm.RsaOaep256,
            var other => throw Failed($"option Algorithm is not valid: algorithm {other} is not supported"),
        },
        cipher.ToUpperInvariant() switch
        {
            "" or "AES-GCM" => Cipher.AesGcm,
            "CHACHA20-POLY1305" => Cipher.ChaCha20Poly1305,
            var other => throw Failed($"option Cipher is not valid: cipher {other} is not supported"),
        },
        omitsKeyName ? null : writtenKeyName.Length > 0 ? writtenKeyName : keyName);

    public static Task EncryptAsync(CryptoProvider keys, EncryptionChoice choice, ChunkSource source, ChunkSink sink, CancellationToken cancellation) =>
        RunAsync(keys, () => EncryptionScheme.EncryptAsync(keys, choice, source, sink, cancellation));

    /// <param name="keys">Where keys are.</param>
    /// <param name="keyName">Empty: the one that the document names.</param>
    /// <param name="source">The document.</param>
    /// <param name="sink">Its content.</param>
    /// <param name="cancellation">Ends it.</param>
    public static Task DecryptAsync(CryptoProvider keys, string keyName, ChunkSource source, ChunkSink sink, CancellationToken cancellation) =>
        RunAsync(keys, () => EncryptionScheme.DecryptAsync(keys, keyName.Length > 0 ? keyName : null, source, sink, cancellation));

    public static DaprFault Failed(string reason) => new("ERR_CRYPTO", $"failed to perform operation: {reason}", 500, StatusCode.Internal);

    public static DaprFault Invalid(string reason) => new("ERR_BAD_REQUEST", $"invalid request: {reason}", 400, StatusCode.InvalidArgument);

    private static async Task RunAsync(CryptoProvider provider, Func<Task> run)
    {
        try
        {
            await (provider.Counted is { } counted ? ComponentMetrics.Crypto.CountAsync(counted.App, counted.Component, "crypto_op", WholeAsync) : run());
        }
        catch (CryptographicException error)
        {
            throw Failed(error.Message);
        }
        catch (OverflowException)
        {
            throw Failed("a document has at most 2^32 segments");
        }

        async Task<bool> WholeAsync()
        {
            await run();
            return true;
        }
    }
}
