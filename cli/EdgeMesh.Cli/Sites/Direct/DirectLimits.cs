using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace EdgeMesh.Cli.Sites.Direct;

/// <summary>What a host takes of one request by its sockets. One that is more is left to them: they refuse it in their own words.</summary>
internal sealed class DirectLimits(KestrelServerLimits limits)
{
    /// <summary>Of a header's line: colon, blank, and the line's end.</summary>
    private const int AroundHeader = 4;

    /// <summary>Of the request's line: two blanks, the protocol, and the line's end.</summary>
    private const int AroundTarget = 12;

    private readonly long body = limits.MaxRequestBodySize ?? long.MaxValue;

    public bool Allow(HttpRequestMessage request)
    {
        // The host's name and the length go with it, whether the request says them or not.
        var (content, headers) = (request.Content?.Headers, new Headers { Count = request.Content is null ? 1 : 2, Size = request.RequestUri!.Authority.Length });
        headers.Add(request.Headers.NonValidated);
        if (content is not null)
        {
            headers.Add(content.NonValidated);
        }

        return (content?.ContentLength ?? 0) <= body
            && request.Method.Method.Length + request.RequestUri.PathAndQuery.Length + AroundTarget <= limits.MaxRequestLineSize
            && headers.Count <= limits.MaxRequestHeaderCount && headers.Size <= limits.MaxRequestHeadersTotalSize;
    }

    private struct Headers
    {
        public int Count { get; set; }

        public int Size { get; set; }

        public void Add(System.Net.Http.Headers.HttpHeadersNonValidated headers)
        {
            foreach (var (name, values) in headers)
            {
                Count++;
                Size += name.Length + values.ToString().Length + AroundHeader;
            }
        }
    }
}
