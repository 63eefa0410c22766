using System.Net.Http.Headers;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Alerting.Rules;

namespace EdgeMesh.Services.Monitor.Alerting.Notices;

/// <summary>Posts a notice as JSON. Redirects are not followed: they would lead the notice to where nobody said.</summary>
internal sealed class WebhookSender(WebhookRoute route, string site, SiteSecrets secrets, HttpClient client) : INoticeRoute
{
    public string Name => route.Name;

    public async Task<string?> SendAsync(Notice notice, CancellationToken cancellation)
    {
        var address = route.Url ?? new Uri(await secrets.GetAsync(route.UrlSecret!, cancellation));
        using var content = new ByteArrayContent(NoticeBody.Write(site, notice)) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = content };
        if (route.TokenSecret is { } name)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await secrets.GetAsync(name, cancellation));
        }

        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        return answer.IsSuccessStatusCode ? null : $"it answers {(int)answer.StatusCode}";
    }
}
