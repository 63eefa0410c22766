using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Encryption with keys of a folder, in Dapr's own format.</summary>
public abstract class CryptographySuite(BlocksFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("raw", "A256KW", "", 1, 1)]
    [InlineData("raw", "AES", "aes-gcm", 1, 1)]
    [InlineData("raw", "a256kw", "chacha20-poly1305", 1, 2)]
    [InlineData("base64", "A256KW", "", 1, 1)]
    [InlineData("oct.json", "A256KW", "", 1, 1)]
    [InlineData("rsa.pem", "RSA-OAEP-256", "", 5, 1)]
    [InlineData("rsa.pem", "RSA", "", 5, 1)]
    public async Task Http_EncryptAndDecrypt_GivesTheSame(string key, string algorithm, string cipher, int wrap, int number)
    {
        var (status, document) = await EncryptAsync("hello world"u8.ToArray(), key, algorithm, ("dapr-data-encryption-cipher", cipher));
        Assert.Equal(200, status);
        var lines = Encoding.Latin1.GetString(document).Split('\n', 4);
        Assert.Equal("dapr.io/enc/v1", lines[0]);
        var manifest = JsonDocument.Parse(lines[1]).RootElement;
        Assert.Equal((key, wrap, number), (manifest.GetProperty("k").GetString(), manifest.GetProperty("kw").GetInt32(), manifest.GetProperty("cph").GetInt32()));
        Assert.Equal("hello world"u8.ToArray(), await DecryptAsync(document));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65535)]
    [InlineData(65536)]
    [InlineData(65537)]
    [InlineData(131072)]
    [InlineData(300000)]
    public async Task Grpc_AnySize_GoesThroughInSegments(int size)
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        var content = RandomNumberGenerator.GetBytes(size);
        var document = await GrpcEncryptAsync(grpc, Options(), content.Chunk(50_000).DefaultIfEmpty([]).ToArray());
        Assert.Equal((size + 65535) / 65536 * 16 + size, document.Length - Encoding.Latin1.GetString(document).Split('\n', 4).Take(3).Sum(l => l.Length + 1));
        Assert.Equal(content, await GrpcDecryptAsync(grpc, "", document));
    }

    [Fact]
    public async Task Decrypt_OmittedKeyName_NeedsOne()
    {
        var (_, document) = await EncryptAsync("secret"u8.ToArray(), "raw", "A256KW", ("dapr-omit-decryption-key-name", "true"));
        Assert.Equal(
            (500, "ERR_CRYPTO", "failed to perform operation: document's manifest does not contain a key name, and no key name was provided"),
            await FaultOf("decrypt", document));
        Assert.Equal("secret"u8.ToArray(), await DecryptAsync(document, ("dapr-key-name", "raw")));
    }

    [Fact]
    public async Task Decrypt_AnotherKeyIsNamed_TakesThat()
    {
        var (_, document) = await EncryptAsync("secret"u8.ToArray(), "public.pem", "RSA-OAEP-256", ("dapr-decryption-key-name", "rsa.pem"));
        Assert.Equal("secret"u8.ToArray(), await DecryptAsync(document));
    }

    [Fact]
    public async Task Decrypt_WrongKey_DoesNotValidate()
    {
        var (_, document) = await EncryptAsync("secret"u8.ToArray(), "raw", "A256KW");
        Assert.Equal((500, "ERR_CRYPTO", "failed to perform operation: failed to validate the document's signature"), await FaultOf("decrypt", document, ("dapr-key-name", "base64")));
    }

    /// <summary>The code alone differs for a segment: daprd has begun to answer when it finds it.</summary>
    [Theory]
    [InlineData(true, "failed to validate the document's signature")]
    [InlineData(false, "error processing segment 0: failed to decrypt segment")]
    public async Task Decrypt_Changed_IsRefused(bool header, string reason)
    {
        var (_, document) = await EncryptAsync("secret"u8.ToArray(), "raw", "A256KW");
        if (header)
        {
            var text = Encoding.Latin1.GetString(document);
            document = Encoding.Latin1.GetBytes(text.Replace("\"cph\":1", "\"cph\":2", StringComparison.Ordinal));
        }
        else
        {
            document[^1] ^= 1;
        }

        var (status, _, message) = await FaultOf("decrypt", document);
        Assert.Equal(500, status);
        Assert.EndsWith(reason, message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Decrypt_CutOffAtASegment_IsRefused()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        var document = await GrpcEncryptAsync(grpc, Options(), new byte[65536 * 2]);
        var error = await Assert.ThrowsAsync<RpcException>(() => GrpcDecryptAsync(grpc, "", document[..^(65536 + 16)]));
        Assert.Equal((StatusCode.Internal, "failed to perform operation: error processing segment 0: failed to decrypt segment"), (error.StatusCode, error.Status.Detail));
    }

    [Theory]
    [InlineData("raw", "bogus", "", 500, "ERR_CRYPTO", "failed to perform operation: option Algorithm is not valid: algorithm BOGUS is not supported")]
    [InlineData("raw", "A256KW", "bogus", 500, "ERR_CRYPTO", "failed to perform operation: option Cipher is not valid: cipher BOGUS is not supported")]
    [InlineData("raw", "A256CBC-NOPAD", "", 500, "ERR_CRYPTO", "failed to perform operation: failed to wrap the file key: failed to encrypt data: unsupported algorithm")]
    [InlineData("raw", "RSA-OAEP-256", "", 500, "ERR_CRYPTO", "failed to perform operation: failed to wrap the file key: failed to encrypt data: key type mismatch")]
    [InlineData("rsa.pem", "A256KW", "", 500, "ERR_CRYPTO", "failed to perform operation: failed to wrap the file key: failed to encrypt data: key type mismatch")]
    [InlineData("../raw", "A256KW", "", 500, "ERR_CRYPTO", "failed to perform operation: failed to wrap the file key: failed to retrieve the key encryption key: invalid key path: cannot contain '..'")]
    [InlineData("", "A256KW", "", 400, "ERR_BAD_REQUEST", "invalid request: missing header 'dapr-key-name'")]
    [InlineData("raw", "", "", 400, "ERR_BAD_REQUEST", "invalid request: missing header 'dapr-key-wrap-algorithm'")]
    public async Task Encrypt_BadChoice_SaysWhatIsWrong(string key, string algorithm, string cipher, int status, string code, string message) => Assert.Equal(
        (status, code, message),
        await FaultOf("encrypt", [1], ("dapr-key-name", key), ("dapr-key-wrap-algorithm", algorithm), ("dapr-data-encryption-cipher", cipher)));

    [Fact]
    public async Task Encrypt_UnknownKey_SaysSo()
    {
        var (status, code, message) = await FaultOf("encrypt", [1], ("dapr-key-name", "nosuch"), ("dapr-key-wrap-algorithm", "A256KW"));
        Assert.Equal((500, "ERR_CRYPTO"), (status, code));
        Assert.StartsWith("failed to perform operation: failed to wrap the file key: failed to retrieve the key encryption key: failed to load key 'nosuch': open ", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Any_UnknownComponent_Is400WithDaprsCode()
    {
        using var client = (await fixture.RunningAsync()).Client();
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1.0-alpha1/crypto/nosuch/encrypt") { Content = new ByteArrayContent([1]) };
        request.Headers.Add("dapr-key-name", "raw");
        request.Headers.Add("dapr-key-wrap-algorithm", "A256KW");
        Assert.Equal((400, "ERR_CRYPTO_PROVIDER_NOT_FOUND", "crypto provider nosuch not found"), await Faults.OfAsync(client.SendAsync(request, Cancellation)));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("dapr.io/enc/v1\n{}\n")]
    [InlineData("dapr.io/enc/v9\n{}\nx\n")]
    [InlineData("")]
    public async Task Decrypt_NoDocument_Is500(string text)
    {
        var (status, code, _) = await FaultOf("decrypt", Encoding.UTF8.GetBytes(text));
        Assert.Equal((500, "ERR_CRYPTO"), (status, code));
    }

    [Fact]
    public async Task Grpc_BadStreams_HaveDaprsStatus()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        await RefusedAsync(() => GrpcEncryptAsync(grpc, null, [1]), StatusCode.InvalidArgument, "invalid request: first message does not contain the required options");
        await RefusedAsync(() => GrpcEncryptAsync(grpc, new EncryptRequestOptions { ComponentName = "nosuch", KeyName = "raw", KeyWrapAlgorithm = "A256KW" }, [1]), StatusCode.InvalidArgument, "crypto provider nosuch not found");
        await RefusedAsync(() => GrpcEncryptAsync(grpc, new EncryptRequestOptions { KeyName = "raw", KeyWrapAlgorithm = "A256KW" }, [1]), StatusCode.InvalidArgument, "invalid request: missing component name");
        await RefusedAsync(() => GrpcEncryptAsync(grpc, new EncryptRequestOptions { ComponentName = "crypto", KeyWrapAlgorithm = "A256KW" }, [1]), StatusCode.InvalidArgument, "invalid request: missing property 'keyName' in the options message");
        await RefusedAsync(() => GrpcEncryptAsync(grpc, new EncryptRequestOptions { ComponentName = "crypto", KeyName = "raw" }, [1]), StatusCode.InvalidArgument, "invalid request: missing property 'keyWrapAlgorithm' in the options message");
        await RefusedAsync(() => GrpcDecryptAsync(grpc, "", "nonsense"u8.ToArray()), StatusCode.Internal, "failed to perform operation: invalid header: scheme name not found");
        await RefusedAsync(
            async () =>
            {
                using var call = grpc.EncryptAlpha1(Running.Token, cancellationToken: Cancellation);
                await call.RequestStream.WriteAsync(new EncryptRequest { Options = Options(), Payload = new StreamPayload { Data = ByteString.CopyFrom(1) } }, Cancellation);
                await call.RequestStream.WriteAsync(new EncryptRequest { Payload = new StreamPayload { Data = ByteString.CopyFrom(1), Seq = 5 } }, Cancellation);
                await call.RequestStream.CompleteAsync();
                await foreach (var _ in call.ResponseStream.ReadAllAsync(Cancellation))
                {
                    // To its end.
                }
            },
            StatusCode.Internal, "failed to perform operation: invalid sequence number received: 5 (expected: 1)");
    }

    [Fact]
    public async Task Grpc_SubtleApi_IsNotServedByEither()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        await RefusedAsync(async () => await grpc.SubtleGetKeyAlpha1Async(new SubtleGetKeyRequest { ComponentName = "crypto", Name = "rsa.pem" }, Running.Token, cancellationToken: Cancellation), StatusCode.Unimplemented, null);
    }

    private static async Task RefusedAsync(Func<Task> call, StatusCode status, string? detail)
    {
        var error = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal((status, detail ?? error.Status.Detail), (error.StatusCode, error.Status.Detail));
    }

    private static EncryptRequestOptions Options() => new() { ComponentName = "crypto", KeyName = "raw", KeyWrapAlgorithm = "A256KW" };

    internal static async Task<byte[]> GrpcEncryptAsync(Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient grpc, EncryptRequestOptions? options, params byte[][] pieces)
    {
        using var call = grpc.EncryptAlpha1(Running.Token, cancellationToken: Cancellation);
        for (var i = 0; i < pieces.Length; i++)
        {
            await call.RequestStream.WriteAsync(new EncryptRequest { Options = i == 0 ? options : null, Payload = new StreamPayload { Data = ByteString.CopyFrom(pieces[i]), Seq = (ulong)i } }, Cancellation);
        }

        await call.RequestStream.CompleteAsync();
        using var document = new MemoryStream();
        await foreach (var answer in call.ResponseStream.ReadAllAsync(Cancellation))
        {
            document.Write(answer.Payload.Data.Span);
        }

        return document.ToArray();
    }

    internal static async Task<byte[]> GrpcDecryptAsync(Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient grpc, string key, byte[] document)
    {
        using var call = grpc.DecryptAlpha1(Running.Token, cancellationToken: Cancellation);
        await call.RequestStream.WriteAsync(new DecryptRequest { Options = new DecryptRequestOptions { ComponentName = "crypto", KeyName = key }, Payload = new StreamPayload { Data = ByteString.CopyFrom(document) } }, Cancellation);
        await call.RequestStream.CompleteAsync();
        using var content = new MemoryStream();
        await foreach (var answer in call.ResponseStream.ReadAllAsync(Cancellation))
        {
            content.Write(answer.Payload.Data.Span);
        }

        return content.ToArray();
    }

    private Task<(int Status, byte[] Body)> EncryptAsync(byte[] content, string key, string algorithm, params (string Name, string Value)[] headers) =>
        PutAsync("encrypt", content, [("dapr-key-name", key), ("dapr-key-wrap-algorithm", algorithm), .. headers]);

    private async Task<byte[]> DecryptAsync(byte[] document, params (string Name, string Value)[] headers)
    {
        var (status, body) = await PutAsync("decrypt", document, headers);
        Assert.Equal(200, status);
        return body;
    }

    private async Task<(int Status, string Code, string Message)> FaultOf(string operation, byte[] body, params (string Name, string Value)[] headers)
    {
        using var client = (await fixture.RunningAsync()).Client();
        using var request = Request(operation, body, headers);
        return await Faults.OfAsync(client.SendAsync(request, Cancellation));
    }

    private async Task<(int Status, byte[] Body)> PutAsync(string operation, byte[] body, params (string Name, string Value)[] headers)
    {
        using var client = (await fixture.RunningAsync()).Client();
        using var request = Request(operation, body, headers);
        using var answer = await client.SendAsync(request, Cancellation);
        Assert.Equal(new MediaTypeHeaderValue("application/octet-stream"), answer.Content.Headers.ContentType);
        return ((int)answer.StatusCode, await answer.Content.ReadAsByteArrayAsync(Cancellation));
    }

    private static HttpRequestMessage Request(string operation, byte[] body, (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Put, $"/v1.0-alpha1/crypto/crypto/{operation}") { Content = new ByteArrayContent(body) };
        foreach (var (name, value) in headers.Where(h => h.Value.Length > 0))
        {
            request.Headers.Add(name, value);
        }

        return request;
    }
}

public sealed class EmbeddedCryptographyTests(EmbeddedBlocksFixture fixture) : CryptographySuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdCryptographyTests(DaprdBlocksFixture fixture) : CryptographySuite(fixture);

/// <summary>What one engine encrypted, the other decrypts.</summary>
[Trait("Category", "Engines")]
public sealed class SharedDocumentTests(EmbeddedBlocksFixture embedded, DaprdBlocksFixture daprd)
{
    [Theory]
    [InlineData("raw", "A256KW", "")]
    [InlineData("raw", "A256KW", "chacha20-poly1305")]
    [InlineData("rsa.pem", "RSA-OAEP-256", "")]
    public async Task Document_OfEitherEngine_IsOpenedByTheOther(string key, string algorithm, string cipher)
    {
        var (ours, theirs) = (await embedded.RunningAsync(), await daprd.RunningAsync());
        foreach (var folder in new[] { daprd.Keys, embedded.Keys })
        {
            File.Copy(Path.Combine(embedded.Keys, key), Path.Combine(folder, "shared-" + key), overwrite: true);
        }

        var content = RandomNumberGenerator.GetBytes(200_000);
        var options = new EncryptRequestOptions { ComponentName = "crypto", KeyName = "shared-" + key, KeyWrapAlgorithm = algorithm, DataEncryptionCipher = cipher };
        Assert.Equal(content, await CryptographySuite.GrpcDecryptAsync(theirs.Grpc(), "", await CryptographySuite.GrpcEncryptAsync(ours.Grpc(), options, content)));
        Assert.Equal(content, await CryptographySuite.GrpcDecryptAsync(ours.Grpc(), "", await CryptographySuite.GrpcEncryptAsync(theirs.Grpc(), options, content)));
    }
}
