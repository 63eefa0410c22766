using System.Text;
using System.Text.Json;
using EdgeMesh.Tests.Servers;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>The real server, for all tests of a class.</summary>
public sealed class OpenSearch : IAsyncLifetime
{
    private ServerProcess? _server;
    private HttpClient? _http;

    public string Url => $"http://127.0.0.1:{_server!.Port}";

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.OpenSearchAsync(CancellationToken.None);
        _http = new HttpClient { BaseAddress = new Uri(Url) };
        for (var tries = 0; !await IsReadyAsync(); tries++)
        {
            Assert.True(tries < 300, "OpenSearch is not ready after a minute.");
            await Task.Delay(200);
        }
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

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
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
}
