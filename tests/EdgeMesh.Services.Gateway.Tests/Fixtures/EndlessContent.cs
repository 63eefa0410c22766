using System.Net;

namespace EdgeMesh.Services.Gateway.Tests.Fixtures;

/// <summary>A body that is made while it is sent, and counts how much of it was taken.</summary>
internal sealed class EndlessContent(long length, bool announced) : HttpContent
{
    public long Sent { get; private set; }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        var block = new byte[64 * 1024];
        for (; Sent < length; Sent += block.Length)
        {
            await stream.WriteAsync(block);
        }
    }

    protected override bool TryComputeLength(out long value) => (value = length) >= 0 && announced;
}
