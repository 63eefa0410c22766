using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Cryptography;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Encryption and decryption by gRPC: options in the first message, then pieces in their order. The subtle API is not served:
/// daprd's releases answer Unimplemented too.</summary>
internal static class CryptographyMethods
{
    public static void Add(MethodTable methods)
    {
        methods.AddDuplexStream<EncryptRequest, EncryptResponse>("EncryptAlpha1", EncryptAsync);
        methods.AddDuplexStream<DecryptRequest, DecryptResponse>("DecryptAlpha1", DecryptAsync);
    }

    private static async Task EncryptAsync(AppRuntime app, IAsyncStreamReader<EncryptRequest> requests, IServerStreamWriter<EncryptResponse> answers, ServerCallContext call)
    {
        var payloads = new PayloadReader<EncryptRequest>(requests, r => r.Payload, r => r.Options is not null);
        var options = (await payloads.FirstAsync(call.CancellationToken)).Options ?? throw NoOptions();
        var keys = CryptographyBlock.Keys(app, Required(options.ComponentName, "component name"));
        var choice = CryptographyBlock.Choose(
            Required(options.KeyName, "property 'keyName' in the options message"),
            Required(options.KeyWrapAlgorithm, "property 'keyWrapAlgorithm' in the options message"),
            options.DataEncryptionCipher, options.DecryptionKeyName, options.OmitDecryptionKeyName);
        ulong sequence = 0;
        await CryptographyBlock.EncryptAsync(
            keys, choice, payloads.NextAsync, (chunk, cancellation) => answers.WriteAsync(new EncryptResponse { Payload = Payload(chunk, sequence++) }, cancellation), call.CancellationToken);
    }

    private static async Task DecryptAsync(AppRuntime app, IAsyncStreamReader<DecryptRequest> requests, IServerStreamWriter<DecryptResponse> answers, ServerCallContext call)
    {
        var payloads = new PayloadReader<DecryptRequest>(requests, r => r.Payload, r => r.Options is not null);
        var options = (await payloads.FirstAsync(call.CancellationToken)).Options ?? throw NoOptions();
        var keys = CryptographyBlock.Keys(app, Required(options.ComponentName, "component name"));
        ulong sequence = 0;
        await CryptographyBlock.DecryptAsync(
            keys, options.KeyName, payloads.NextAsync, (chunk, cancellation) => answers.WriteAsync(new DecryptResponse { Payload = Payload(chunk, sequence++) }, cancellation), call.CancellationToken);
    }

    private static StreamPayload Payload(ReadOnlyMemory<byte> chunk, ulong sequence) => new() { Data = ByteString.CopyFrom(chunk.Span), Seq = sequence };

    private static string Required(string value, string name) => value.Length > 0 ? value : throw CryptographyBlock.Invalid($"missing {name}");

    private static DaprFault NoOptions() => CryptographyBlock.Invalid("first message does not contain the required options");

    /// <summary>Pieces, counted from the first message.</summary>
    private sealed class PayloadReader<T>(IAsyncStreamReader<T> requests, Func<T, StreamPayload?> payload, Func<T, bool> hasOptions)
    {
        private StreamPayload? _first;
        private ulong _expected;

        public async Task<T> FirstAsync(CancellationToken cancellation)
        {
            if (!await requests.MoveNext(cancellation))
            {
                throw CryptographyBlock.Failed("error receiving the first message: EOF");
            }

            _first = payload(requests.Current) ?? new StreamPayload();
            return requests.Current;
        }

        public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken cancellation)
        {
            if (_first is { } first)
            {
                _first = null;
                return Checked(first);
            }

            if (!await requests.MoveNext(cancellation))
            {
                return null;
            }

            return hasOptions(requests.Current)
                ? throw CryptographyBlock.Failed("options found in non-leading message")
                : Checked(payload(requests.Current) ?? new StreamPayload { Seq = _expected });
        }

        private ReadOnlyMemory<byte> Checked(StreamPayload piece) =>
            piece.Seq == _expected++ ? piece.Data.Memory : throw CryptographyBlock.Failed($"invalid sequence number received: {piece.Seq} (expected: {_expected - 1})");
    }
}
