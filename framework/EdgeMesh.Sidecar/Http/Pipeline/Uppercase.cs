using System.Text;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Http.Pipeline;

/// <summary><c>middleware.http.uppercase</c>: makes the ASCII letters of request bodies capitals. It is for tests.</summary>
internal sealed class Uppercase : IHttpMiddleware
{
    public Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        context.Request.Body = new Capitals(context.Request.Body);
        return next(context);
    }

    public async ValueTask<HttpResponseMessage?> BeforeAppAsync(HttpRequestMessage request, string appId, CancellationToken cancellation)
    {
        if (request.Content is not { } content)
        {
            return null;
        }

        // Kept whole: a request may be sent again.
        var body = await content.ReadAsByteArrayAsync(cancellation);
        Ascii.ToUpperInPlace(body, out _);
        request.Content = new ByteArrayContent(body);
        foreach (var (name, values) in content.Headers.NonValidated)
        {
            request.Content.Headers.TryAddWithoutValidation(name, values);
        }

        return null;
    }

    private sealed class Capitals(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            Ascii.ToUpperInPlace(buffer.Span[..read], out _);
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Bodies are read asynchronously.");

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
