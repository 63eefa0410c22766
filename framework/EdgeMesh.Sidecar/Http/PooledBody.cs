using System.Buffers;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Http;

/// <summary>A request's body in a rented buffer. Whoever reads it disposes it, and keeps nothing of it afterwards.</summary>
internal sealed class PooledBody : IDisposable
{
    private const int FirstGuess = 4096;

    private byte[] _buffer;
    private int _length;

    private PooledBody(int capacity) => _buffer = ArrayPool<byte>.Shared.Rent(capacity);

    public ReadOnlyMemory<byte> Memory => _buffer.AsMemory(0, _length);

    /// <summary>The body as JSON, with text that .NET can read wherever Go can.</summary>
    public ReadOnlyMemory<byte> AsJson()
    {
        var json = _buffer.AsSpan(0, _length);
        if (Utf8.IsValid(json))
        {
            GoJson.MendSurrogates(json);
            return Memory;
        }

        var mended = GoJson.Mended(json);
        ArrayPool<byte>.Shared.Return(Interlocked.Exchange(ref _buffer, ArrayPool<byte>.Shared.Rent(mended.Length)));
        mended.CopyTo(_buffer, 0);
        _length = mended.Length;
        return Memory;
    }

    /// <summary>Reads to the end.</summary>
    /// <exception cref="BodyTooLargeException">The body is over the sidecar's limit.</exception>
    public static async Task<PooledBody> ReadAsync(HttpContext context)
    {
        var limit = context.App().Process.MaxBodySize;
        if (context.Request.ContentLength > limit)
        {
            throw new BodyTooLargeException();
        }

        // A length that is announced may be a lie; it only says how much to rent at once.
        var body = new PooledBody(context.Request.ContentLength is > 0 and < int.MaxValue and var length ? Math.Min((int)length + 1, 1 << 20) : FirstGuess);
        try
        {
            while (await context.Request.Body.ReadAsync(body.Free(), context.RequestAborted) is > 0 and var read)
            {
                body._length += read;
                if (body._length > limit)
                {
                    throw new BodyTooLargeException();
                }
            }

            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    private Memory<byte> Free()
    {
        if (_length == _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsMemory(_length);
    }

    public void Dispose()
    {
        var buffer = Interlocked.Exchange(ref _buffer, []);
        if (buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
