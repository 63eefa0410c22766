using System.Buffers;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Hosting;

/// <summary>Reads whole bodies of requests, and takes no more memory than has arrived: what a request announces is only believed when it is
/// too much.</summary>
public static class BoundedBody
{
    /// <summary>The body; null: it is longer than <paramref name="limit"/>, in bytes.</summary>
    /// <exception cref="BadHttpRequestException">It is longer than the server takes, or was cut off.</exception>
    public static async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(HttpRequest request, long limit, CancellationToken cancellation)
    {
        if (request.ContentLength > limit)
        {
            return null;
        }

        var reader = request.BodyReader;
        while (true)
        {
            var read = await reader.ReadAsync(cancellation);
            if (read.Buffer.Length > limit)
            {
                reader.AdvanceTo(read.Buffer.End);
                return null;
            }

            if (read.IsCompleted)
            {
                var body = read.Buffer.ToArray();
                reader.AdvanceTo(read.Buffer.End);
                return body;
            }

            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
