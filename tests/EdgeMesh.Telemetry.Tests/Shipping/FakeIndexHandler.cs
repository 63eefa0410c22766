using System.Net;
using System.Text;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>Reaches a fake index without a network, so that the moved clock is the only one.</summary>
internal sealed class FakeIndexHandler(FakeIndex index) : HttpMessageHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        var length = body.Length;
        if (request.Content?.Headers.ContentEncoding.Contains("gzip") == true)
        {
            body = FakeIndex.Unzip(body);
        }

        Trouble? asked = null;
        var breaks = index.Breaks;
        index.Breaks = r => asked = breaks(r);
        var answer = index.Answer(request.Method.Method, request.RequestUri!.PathAndQuery.TrimStart('/'), body, length);
        index.Breaks = breaks;
        if (asked == Trouble.Hangs)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        if (answer is not var (status, text))
        {
            throw asked == Trouble.Down
                ? new HttpRequestException(HttpRequestError.ConnectionError, "Connection refused")
                : new HttpRequestException(HttpRequestError.ResponseEnded, "The response ended prematurely");
        }

        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(text, Encoding.UTF8, "application/json") };
        response.Headers.Date = index.Now;
        return response;
    }
}
