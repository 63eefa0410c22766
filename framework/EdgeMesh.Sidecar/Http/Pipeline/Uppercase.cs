using System.Text;
using EdgeMesh.Sidecar.Resources;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Http.Pipeline;

/// <summary><c>middleware.http.uppercase</c>: makes the ASCII letters of request bodies capitals. It is for tests.</summary>
internal static class Uppercase
{
    public static Func<RequestDelegate, RequestDelegate>? Create(ComponentResource component, TimeProvider clock, List<string> faults) => next => context =>
    {
        context.Request.Body = new Capitals(context.Request.Body);
        return next(context);
    };

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
