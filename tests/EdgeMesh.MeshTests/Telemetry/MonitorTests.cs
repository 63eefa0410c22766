using System.Net.Http.Headers;
using System.Text.Json;
using EdgeMesh.MeshTests.Processes;

namespace EdgeMesh.MeshTests.Telemetry;

/// <summary>A mesh as it comes up by itself: what happens at a site is seen in its own monitor, and at the core once the link is there.</summary>
public sealed class MonitorTests
{
    private const string Canary = "Monitorbird";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Mesh_WithoutACollector_ShowsASitesTracesThereAndAtTheCoreOnceTheLinkIsBack_AndTheLedgersOfAll()
    {
        await using var mesh = new RunningMesh(new Dictionary<string, string> { ["EdgeMesh__Monitor__RollUpSeconds"] = "10" });
        await mesh.InitializeAsync();
        using var clinic = await OperatorAsync(mesh, "clinic-a", mesh.GatewayPort);
        using var core = await OperatorAsync(mesh, "core", mesh.GatewayPort - 100);
        Assert.Equal(0, (await mesh.RunAsync("link", "cut", "core", "clinic-a")).ExitCode);

        var trace = await TracedAsync(mesh, clinic);
        Assert.Empty(await SpansAsync(core, trace));
        Assert.Equal(0, (await mesh.RunAsync("link", "restore", "core", "clinic-a")).ExitCode);

        var there = await UntilAsync(() => SpansAsync(core, trace), spans => spans.Count >= 2);
        Assert.All(there, span => Assert.Equal("clinic-a", span.GetProperty("site").GetString()));
        Assert.Equal(there.Count, there.Select(s => s.GetProperty("spanId").GetString()).Distinct().Count());
        await UntilAsync(() => AskAsync(core, "series?site=clinic-a&name=http.server.request.duration&kind=p95"), series => series.GetArrayLength() > 0);
        // Each with a signature that holds, through the gateways.
        var seen = await UntilAsync(() => AskAsync(core, "status"), status => status.GetProperty("ledgers").GetArrayLength() == 3);
        Assert.Equal(["clinic-a", "clinic-b", "core"], seen.GetProperty("ledgers").EnumerateArray().Select(l => l.GetProperty("site").GetString()));
        Assert.Equal("clinic-a", Assert.Single((await AskAsync(clinic, "status")).GetProperty("ledgers").EnumerateArray()).GetProperty("site").GetString());
        foreach (var text in (string[])[(await AskAsync(clinic, "logs?limit=500")).GetRawText(), .. there.Select(s => s.GetRawText())])
        {
            Assert.DoesNotContain(Canary, text, StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>Registers patients until one of the requests is in clinic-a's own monitor: export begins a little after the start, and takes some traces of many.</summary>
    private static async Task<string> TracedAsync(RunningMesh mesh, HttpClient clinic)
    {
        using var practitioner = await mesh.PractitionerAsync();
        for (var tries = 1; ; tries++)
        {
            var trace = Guid.NewGuid().ToString("N");
            using var request = new HttpRequestMessage(HttpMethod.Post, "/fhir/Patient") { Content = RunningMesh.Fhir($$$"""{"resourceType":"Patient","name":[{"family":"{{{Canary}}}"}]}""") };
            request.Headers.Add("traceparent", $"00-{trace}-00f067aa0ba902b7-01");
            using var created = await practitioner.SendAsync(request, Cancellation);
            Assert.True(created.IsSuccessStatusCode, await created.Content.ReadAsStringAsync(Cancellation));
            for (var looks = 0; looks < 10; looks++)
            {
                await Task.Delay(500, Cancellation);
                if ((await SpansAsync(clinic, trace)).Select(s => s.GetProperty("service").GetString()).ToHashSet().IsSupersetOf(["gateway", "records"]))
                {
                    return trace;
                }
            }

            Assert.True(tries < 12, "no request of clinic-a came to its monitor");
        }
    }

    private static async Task<List<JsonElement>> SpansAsync(HttpClient client, string trace)
    {
        using var answer = await client.GetAsync($"/monitor/traces/{trace}", Cancellation);
        return answer.IsSuccessStatusCode ? [.. JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation)).RootElement.EnumerateArray()] : [];
    }

    private static async Task<JsonElement> AskAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync($"/monitor/{path}", Cancellation);
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }

    private static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> enough)
    {
        for (var tries = 0; ; tries++)
        {
            var answer = await ask();
            if (enough(answer))
            {
                return answer;
            }

            Assert.True(tries < 300, "the core did not get it in time");
            await Task.Delay(500, Cancellation);
        }
    }

    private static async Task<HttpClient> OperatorAsync(RunningMesh mesh, string site, int port)
    {
        var token = await mesh.RunAsync("token", "--user", "olga", "--role", "admin", "--site", site);
        Assert.True(token.ExitCode == 0, token.ToString());
        var client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = mesh.IsOurs } }) { BaseAddress = new Uri($"https://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Output.Trim());
        return client;
    }
}
