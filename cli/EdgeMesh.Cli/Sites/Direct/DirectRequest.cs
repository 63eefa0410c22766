using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Cli.Sites.Direct;

/// <summary>A request as a server would have read it.</summary>
internal sealed class DirectRequest : IHttpRequestFeature, IHttpRequestBodyDetectionFeature
{
    public DirectRequest(HttpRequestMessage request, byte[] body)
    {
        var address = request.RequestUri!;
        (Method, Scheme, Path, QueryString, RawTarget) = (request.Method.Method, address.Scheme, address.AbsolutePath, address.Query, address.PathAndQuery);
        Body = body.Length == 0 ? Stream.Null : new MemoryStream(body, writable: false);
        CanHaveBody = body.Length > 0;
        Copy(request.Headers.NonValidated);
        if (request.Content is { } content)
        {
            Copy(content.Headers.NonValidated);
            Headers.ContentLength = body.Length;
        }

        if (Headers.Host.Count == 0)
        {
            Headers.Host = address.Authority;
        }
    }

    public string Protocol { get; set; } = HttpProtocol.Http11;

    public string Scheme { get; set; }

    public string Method { get; set; }

    public string PathBase { get; set; } = "";

    public string Path { get; set; }

    public string QueryString { get; set; }

    public string RawTarget { get; set; }

    public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

    public Stream Body { get; set; }

    public bool CanHaveBody { get; }

    private void Copy(System.Net.Http.Headers.HttpHeadersNonValidated headers)
    {
        foreach (var (name, values) in headers)
        {
            // Several values become one line, as on a connection.
            Headers.Append(name, values.ToString());
        }
    }
}
