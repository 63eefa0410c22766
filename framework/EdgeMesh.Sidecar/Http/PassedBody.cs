using System.Buffers;
using System.Net;

namespace EdgeMesh.Sidecar.Http;

/// <summary>A request's body on its way to an app: as it comes, through one rented buffer, and not over the limit. What has come is sent on
/// whenever the caller pauses; a plain stream content would keep it back until its own buffer is full.</summary>
internal sealed class PassedBody(Stream body, long limit) : HttpContent
{
    private const int BufferSize = 16 * 1024;

    /// <summary>It can't be sent again.</summary>
    public bool IsStarted { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        IsStarted = true;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long passed = 0;
            while (await NextAsync(stream, buffer, cancellationToken) is > 0 and var read)
            {
                passed += read;
                if (passed > limit)
                {
                    throw new BodyTooLargeException();
                }

                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async ValueTask<int> NextAsync(Stream to, byte[] buffer, CancellationToken cancellation)
    {
        var next = body.ReadAsync(buffer, cancellation);
        if (!next.IsCompleted)
        {
            await to.FlushAsync(cancellation);
        }

        return await next;
    }

    /// <summary>The caller's Content-Length, where there is one, was copied with the headers.</summary>
    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}

/// <summary>A request body is over the limit; told with daprd's words.</summary>
internal sealed class BodyTooLargeException() : IOException(Answers.TooLarge);
