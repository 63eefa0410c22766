using System.Net;
using System.Text.Json;
using EdgeMesh.Cli.Topology;

namespace EdgeMesh.Cli.Up;

/// <summary>Asks every service of every site whether it is ready, on the loopback address of the service itself.</summary>
internal sealed class MeshProbe : IDisposable
{
    private const int LargestAnswer = 64 * 1024;

    private readonly MeshTopology topology;
    private readonly HttpClient http;

    public MeshProbe(MeshTopology topology)
    {
        this.topology = topology;
        http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(1), UseProxy = false })
        {
            Timeout = TimeSpan.FromSeconds(3), MaxResponseContentBufferSize = LargestAnswer,
        };
    }

    public async Task<IReadOnlyList<ServiceStatus>> AskSiteAsync(SiteDefinition site, CancellationToken cancellation) =>
        await Task.WhenAll(site.Services.Select(s => AskAsync(site, s, cancellation)));

    public void Dispose() => http.Dispose();

    private async Task<ServiceStatus> AskAsync(SiteDefinition site, string service, CancellationToken cancellation)
    {
        var url = $"http://127.0.0.1:{topology.AppPort(site, service)}";
        try
        {
            using var answer = await http.GetAsync($"{url}/readyz", cancellation);
            return answer.StatusCode == HttpStatusCode.OK
                ? new(service, url, true)
                : new(service, url, false, WaitingFor(await answer.Content.ReadAsStringAsync(cancellation), (int)answer.StatusCode));
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            cancellation.ThrowIfCancellationRequested();
            return new(service, url, false, ["does not answer yet"]);
        }
    }

    private static List<string> WaitingFor(string body, int status)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return [.. json.RootElement.GetProperty("waitingFor").EnumerateArray()
                .Select(w => $"{w.GetProperty("name").GetString()}: {w.GetProperty("reason").GetString()}")];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return [$"/readyz answers {status}"];
        }
    }
}
