using System.Security.Cryptography;
using EdgeMesh.Sidecar.BuildingBlocks.Cryptography;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.CryptoLocalStorage;

namespace EdgeMesh.Sidecar.Tests.Cryptography;

public sealed class EncryptionSchemeTests : IDisposable
{
    private readonly string _folder = TestSidecar.TemporaryFolder();
    private readonly CryptoProvider _keys;

    public EncryptionSchemeTests()
    {
        File.WriteAllBytes(Path.Combine(_folder, "raw"), [(byte)'{', .. RandomNumberGenerator.GetBytes(31)]);
        _keys = new CryptoProvider(LocalStorageKeys.Open(new ComponentSpec("crypto", "crypto.dapr.localstorage", "v1", new Dictionary<string, string> { ["path"] = _folder }), new ComponentContext("/", TimeProvider.System, new Dictionary<string, string>(), _ => null)), null);
    }

    [Theory]
    [InlineData(0, 200)]
    [InlineData(65_530, 65_550)]
    [InlineData(131_060, 131_090)]
    public async Task Encrypt_AnySizeInAnyPieces_DecryptsToTheSame(int from, int to)
    {
        var random = new Random(from);
        for (var times = 0; times < 20; times++)
        {
            var content = new byte[random.Next(from, to)];
            random.NextBytes(content);
            var choice = new EncryptionChoice("raw", KeyWrapAlgorithm.A256KW, times % 2 == 0 ? Cipher.ChaCha20Poly1305 : Cipher.AesGcm, "raw");
            var document = await RunAsync((source, sink) => EncryptionScheme.EncryptAsync(_keys, choice, source, sink, TestSidecar.Cancellation), content, random.Next(1, 100_000));
            Assert.Equal(content, await DecryptAsync(document, random.Next(1, 100_000)));
        }
    }

    [Fact]
    public async Task Decrypt_AnyByteChanged_NeverGivesTheContent()
    {
        var content = RandomNumberGenerator.GetBytes(300);
        var choice = new EncryptionChoice("raw", KeyWrapAlgorithm.A256KW, Cipher.AesGcm, "raw");
        var document = await RunAsync((source, sink) => EncryptionScheme.EncryptAsync(_keys, choice, source, sink, TestSidecar.Cancellation), content, 1000);
        for (var i = 0; i < document.Length; i++)
        {
            var changed = document.ToArray();
            changed[i] ^= 0x20;
            await Assert.ThrowsAsync<CryptographicException>(() => DecryptAsync(changed, 1000));
        }
    }

    [Fact]
    public async Task Decrypt_CutOffAnywhere_NeverGivesTheContent()
    {
        var content = RandomNumberGenerator.GetBytes(300);
        var choice = new EncryptionChoice("raw", KeyWrapAlgorithm.A256KW, Cipher.AesGcm, "raw");
        var document = await RunAsync((source, sink) => EncryptionScheme.EncryptAsync(_keys, choice, source, sink, TestSidecar.Cancellation), content, 1000);
        var header = document.Length - content.Length - SegmentCipher.TagSize;
        for (var length = 0; length < document.Length; length++)
        {
            if (length == header)
            {
                // A whole header alone is a document of nothing: the scheme has no mark for it, and daprd opens it too.
                continue;
            }

            await Assert.ThrowsAsync<CryptographicException>(() => DecryptAsync(document[..length], 1000));
        }
    }

    [Fact]
    public async Task Decrypt_AnyBytes_EndsInARefusal()
    {
        var random = new Random(3394);
        for (var times = 0; times < 300; times++)
        {
            var bytes = new byte[random.Next(400)];
            random.NextBytes(bytes);
            await Assert.ThrowsAsync<CryptographicException>(() => DecryptAsync(bytes, 7));
            await Assert.ThrowsAsync<CryptographicException>(() => DecryptAsync([.. "dapr.io/enc/v1\n"u8, .. bytes], 7));
            await Assert.ThrowsAsync<CryptographicException>(() => DecryptAsync([.. "dapr.io/enc/v1\n{\"k\":\"raw\",\"kw\":1,\"cph\":1,\"np\":\"AAAAAAAAAA==\",\"wfk\":\""u8, .. bytes, .. "\"}\nAAAA\n"u8], 7));
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Task<byte[]> DecryptAsync(byte[] document, int pieces) =>
        RunAsync((source, sink) => EncryptionScheme.DecryptAsync(_keys, null, source, sink, TestSidecar.Cancellation), document, pieces);

    private static async Task<byte[]> RunAsync(Func<ChunkSource, ChunkSink, Task> run, byte[] input, int pieces)
    {
        var rest = new Queue<byte[]>(input.Chunk(pieces));
        using var output = new MemoryStream();
        await run(
            _ => ValueTask.FromResult(rest.TryDequeue(out var piece) ? (ReadOnlyMemory<byte>?)piece : null),
            (chunk, cancellation) => output.WriteAsync(chunk, cancellation).AsTask());
        return output.ToArray();
    }
}
