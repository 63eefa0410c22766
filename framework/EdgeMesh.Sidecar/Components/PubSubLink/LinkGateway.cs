using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using EdgeMesh.Sidecar.Apps;

namespace EdgeMesh.Sidecar.Components.PubSubLink;

/// <summary>What became of one attempt to reach a peer.</summary>
internal enum LinkOutcome
{
    /// <summary>It may be taken later; also what an attempt without any answer is.</summary>
    Away,

    Taken,

    /// <summary>It will never be taken.</summary>
    Refused,
}

/// <summary>The way out of the site: the app <c>gateway</c>, invoked as any service of the site does.</summary>
internal sealed class LinkGateway(string appId, Func<string, AppChannel?> findApp)
{
    private const int PeersLimit = 64 * 1024;
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);
    private static readonly MediaTypeHeaderValue ContentType = new("application/cloudevents+json");

    /// <summary>Null: the gateway does not say now.</summary>
    public async Task<IReadOnlyList<string>?> PeersAsync(CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, (Uri?)null);
        return await AskAsync(request, "/mesh/peers", ReadPeersAsync, cancellation);
    }

    public async Task<LinkOutcome> SendAsync(string peer, BrokerMessage message, CancellationToken cancellation)
    {
        using var content = new ReadOnlyMemoryContent(message.Data);
        content.Headers.ContentType = ContentType;
        using var request = new HttpRequestMessage(HttpMethod.Post, (Uri?)null) { Content = content };
        return await AskAsync(request, $"/mesh/{peer}/mesh/wan/{Uri.EscapeDataString(message.Topic)}", (answer, _) => Task.FromResult(Outcome(answer.StatusCode)), cancellation);
    }

    private async Task<T?> AskAsync<T>(HttpRequestMessage request, string path, Func<HttpResponseMessage, CancellationToken, Task<T?>> read, CancellationToken cancellation)
    {
        if (findApp(appId) is not { } gateway)
        {
            return default;
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(AnswerLimit);
        try
        {
            request.RequestUri = gateway.Address(path);
            using var answer = await gateway.SendAsync(request, limit.Token);
            return await read(answer, limit.Token);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or JsonException)
        {
            return default;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return default;
        }
    }

    private static async Task<IReadOnlyList<string>?> ReadPeersAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        if (!answer.IsSuccessStatusCode)
        {
            return null;
        }

        await answer.Content.LoadIntoBufferAsync(PeersLimit, cancellation);
        await using var json = await answer.Content.ReadAsStreamAsync(cancellation);
        using var document = await JsonDocument.ParseAsync(json, cancellationToken: cancellation);
        return document.RootElement.ValueKind != JsonValueKind.Array ? null
            : [.. document.RootElement.EnumerateArray().Where(p => p.ValueKind == JsonValueKind.String).Select(p => p.GetString()!).Where(LinkOptions.IsSite).Take(LinkOptions.PeerLimit)];
    }

    private static LinkOutcome Outcome(HttpStatusCode status) => (int)status switch
    {
        >= 200 and < 300 => LinkOutcome.Taken,
        408 or 425 or 429 or >= 500 => LinkOutcome.Away,
        _ => LinkOutcome.Refused,
    };
}
