using System.Text;
using System.Text.Json;
using EdgeMesh.Tests.Servers;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>The real server, for the tests of a collection. It takes smaller bodies than it would by default, as proxies before one do.</summary>
public sealed class OpenSearch : IAsyncLifetime
{
    /// <summary>Bytes of a request's body, once it is unpacked.</summary>
    public const int LargestBody = 100 * 1024;

    private ServerProcess? _server;
    private HttpClient? _http;

    public string Url => $"http://127.0.0.1:{_server!.Port}";

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.OpenSearchAsync($"http.max_content_length: {LargestBody}b", CancellationToken.None);
        _http = new HttpClient { BaseAddress = new Uri(Url) };
        await WaitUntilReadyAsync();
    }

    /// <summary>As a crash; its data stays.</summary>
    public Task KillAsync() => _server!.KillAsync();

    /// <summary>After <see cref="KillAsync"/>.</summary>
    public async Task StartAsync()
    {
        await _server!.StartAsync(CancellationToken.None);
        await WaitUntilReadyAsync();
    }

    public async Task<JsonElement> SendAsync(string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, "application/json") };
        using var response = await _http!.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path} answered {(int)response.StatusCode}: {text}");
        return JsonDocument.Parse(text.Length == 0 ? "{}" : text).RootElement;
    }

    /// <summary>Every record of a stream.</summary>
    public async Task<List<JsonElement>> RecordsAsync(string stream)
    {
        await SendAsync("POST", $"{stream}/_refresh");
        var answer = await SendAsync("GET", $"{stream}/_search?size=10000");
        return [.. answer.GetProperty("hits").GetProperty("hits").EnumerateArray().Select(h => h.GetProperty("_source"))];
    }

    /// <summary>Until disposed the server refuses requests whose bodies are larger, as it does when it has too many in hand.</summary>
    public async Task<IAsyncDisposable> LimitRequestsAsync(string bytes)
    {
        await SetLimitAsync($"\"{bytes}\"");
        return new RequestLimit(this);
    }

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    private async Task WaitUntilReadyAsync()
    {
        for (var tries = 0; !await IsReadyAsync(); tries++)
        {
            Assert.True(tries < 300, "OpenSearch is not ready after a minute.");
            await Task.Delay(200);
        }
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            return (await _http!.GetAsync(new Uri("_cluster/health?wait_for_status=yellow&timeout=1s", UriKind.Relative))).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private Task<JsonElement> SetLimitAsync(string value) => SendAsync("PUT", "_cluster/settings", $$$"""{"transient":{"network.breaker.inflight_requests.limit":{{{value}}}}}""");

    private sealed class RequestLimit(OpenSearch server) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync() => await server.SetLimitAsync("null");
    }
}
