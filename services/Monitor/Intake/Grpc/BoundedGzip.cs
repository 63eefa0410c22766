using System.IO.Compression;
using Grpc.Core;
using Grpc.Net.Compression;

namespace EdgeMesh.Services.Monitor.Intake.Grpc;

/// <summary>gzip for gRPC that stops where a message ends by its limit: a small one that unpacks to gigabytes is refused.</summary>
internal sealed class BoundedGzip : ICompressionProvider
{
    public string EncodingName => "gzip";

    public Stream CreateCompressionStream(Stream stream, CompressionLevel? compressionLevel) => new GZipStream(stream, compressionLevel ?? CompressionLevel.Fastest, leaveOpen: true);

    public Stream CreateDecompressionStream(Stream stream) => new BoundedStream(new GZipStream(stream, CompressionMode.Decompress, leaveOpen: true), MonitorOptions.MostExport, TooLarge);

    /// <summary>Without a delay, and so for good.</summary>
    private static RpcException TooLarge(string message) => new(new Status(StatusCode.ResourceExhausted, message));
}
