using System.Net;
using System.Runtime.CompilerServices;
using EdgeMesh.Sidecar.Sidecars.Protos;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Sidecars;

/// <summary>A body that comes in pieces from another sidecar.</summary>
/// <param name="payloads">Read once.</param>
/// <param name="owner">Disposed with the body; null: nothing.</param>
internal sealed class PayloadContent(IAsyncEnumerable<ByteString> payloads, IDisposable? owner) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        await foreach (var payload in payloads.WithCancellation(cancellationToken))
        {
            await stream.WriteAsync(payload.Memory, cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }
    }

    /// <summary>The sender's Content-Length, where there is one, came with the headers.</summary>
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        owner?.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Sends what is written to it, piece by piece, to another sidecar.</summary>
internal sealed class PayloadStream(Func<StreamPayload, CancellationToken, Task> send) : Stream
{
    private ulong _seq;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Returns once the piece is sent: the caller's buffer is free again.</summary>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!buffer.IsEmpty)
        {
            await send(new StreamPayload { Data = UnsafeByteOperations.UnsafeWrap(buffer), Seq = _seq++ }, cancellationToken);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("Pieces are sent asynchronously.");

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

/// <summary>The pieces of a stream of messages. One out of order means that something between the sidecars lost one.</summary>
internal static class PayloadReader
{
    /// <param name="first">The piece that was read already; null: none.</param>
    /// <param name="rest">The messages after it.</param>
    /// <param name="payload">A message's piece.</param>
    /// <param name="next">The number of the first piece.</param>
    /// <param name="cancellation">Ends the reading.</param>
    public static async IAsyncEnumerable<ByteString> ReadAsync<T>(
        StreamPayload? first, IAsyncStreamReader<T> rest, Func<T, StreamPayload?> payload, ulong next, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        for (var current = first; ; current = payload(rest.Current))
        {
            if (current is not null)
            {
                if (current.Seq != next)
                {
                    throw new IOException($"the body's piece {next} is missing: {current.Seq} came");
                }

                next++;
                if (!current.Data.IsEmpty)
                {
                    yield return current.Data;
                }
            }

            if (!await MoveNextAsync(rest, cancellation))
            {
                yield break;
            }
        }
    }

    private static async Task<bool> MoveNextAsync<T>(IAsyncStreamReader<T> rest, CancellationToken cancellation)
    {
        try
        {
            return await rest.MoveNext(cancellation);
        }
        catch (RpcException error)
        {
            throw new IOException($"the other sidecar broke off: {error.Status.Detail}", error);
        }
    }
}
