using System.Net.Http.Headers;
using System.Text.Json;
using EdgeMesh.MeshTests.Processes;

namespace EdgeMesh.MeshTests.Telemetry;

/// <summary>A mesh as it comes up by itself: what happens at a site is seen in its own monitor, and at the core once the link is there.</summary>
[Trait("Category", "Slow")]
public sealed class MonitorTests(MonitoredMesh monitored) : IClassFixture<MonitoredMesh>
{
    private const string Canary = "Monitorbird";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Mesh_WithoutACollector_ShowsASitesTracesThereAndAtTheCoreOnceTheLinkIsBack_AndTheLedgersOfAll_EachCosigned()
    {
        var mesh = monitored.Mesh;
        using var clinic = await OperatorAsync(mesh, "clinic-a", mesh.GatewayPort);
        using var core = await OperatorAsync(mesh, "core", mesh.GatewayPort - 100);
        Assert.Equal(0, (await mesh.RunAsync("link", "cut", "core", "clinic-a")).ExitCode);

        var trace = await TracedAsync(mesh, clinic);
        Assert.Empty(await SpansAsync(core, trace));
        Assert.Equal(0, (await mesh.RunAsync("link", "restore", "core", "clinic-a")).ExitCode);

        // The other clinic hears of some requests within their trace, and its link was not cut.
        var there = await UntilAsync(() => SpansAsync(core, trace), spans => spans.Count(s => s.GetProperty("site").GetString() == "clinic-a") >= 2);
        Assert.Equal(there.Count, there.Select(s => s.GetProperty("spanId").GetString()).Distinct().Count());
        await UntilAsync(() => AskAsync(core, "series?site=clinic-a&name=http.server.request.duration&kind=p95"), series => series.GetArrayLength() > 0);
        // Each with a signature that holds, through the gateways.
        var seen = await UntilAsync(() => AskAsync(core, "status"), status => status.GetProperty("ledgers").GetArrayLength() == 3);
        Assert.Equal(["clinic-a", "clinic-b", "core"], seen.GetProperty("ledgers").EnumerateArray().Select(l => l.GetProperty("site").GetString()));
        Assert.Equal("clinic-a", Assert.Single((await AskAsync(clinic, "status")).GetProperty("ledgers").EnumerateArray()).GetProperty("site").GetString());
        // And each is cosigned by the two other sites, whose witnesses ask for nothing but the proof.
        await UntilAsync(
            () => mesh.RunAsync("ledger", "verify", $"https://127.0.0.1:{mesh.GatewayPort}/ledger/"),
            verified => verified.ExitCode == 0 && verified.Output.Contains("edgemesh/clinic-b/witness (", StringComparison.Ordinal) && verified.Output.Contains("edgemesh/core/witness (", StringComparison.Ordinal),
            verified => verified.ToString());
        foreach (var text in (string[])[(await AskAsync(clinic, "logs?limit=500")).GetRawText(), .. there.Select(s => s.GetRawText())])
        {
            Assert.DoesNotContain(Canary, text, StringComparison.OrdinalIgnoreCase);
        }
    }

    /// <summary>Who permits a record to another clinic starts what ends in a function there.</summary>
    [Fact]
    public async Task Consent_IsOneTrace_ThroughGatewaySidecarServicePubSubAndFeed_ToAFunctionAtTheOtherSite()
    {
        var mesh = monitored.Mesh;
        using var core = await OperatorAsync(mesh, "core", mesh.CoreGatewayPort);
        using var practitioner = await mesh.PractitionerAsync();
        using var made = await practitioner.PostAsync("/fhir/Patient", RunningMesh.Fhir($$$"""{"resourceType":"Patient","name":[{"family":"{{{Canary}}}"}]}"""), Cancellation);
        var patient = made.Headers.Location!.ToString().Split("/Patient/")[1].Split('/')[0];
        await DeployWatcherAsync(mesh);

        var trace = Guid.NewGuid().ToString("N");
        var token = await mesh.RunAsync("token", "--user", "the-patient", "--role", "patient", "--patient", patient, "--site", "clinic-a");
        Assert.True(token.ExitCode == 0, token.ToString());
        using var consent = new HttpRequestMessage(HttpMethod.Post, "/fhir/Consent") { Content = RunningMesh.Fhir(PermitConsent.Of(patient, $$"""  "performer": [{ "display": "{{Canary}}" }],""")) };
        consent.Headers.Add("traceparent", $"00-{trace}-00f067aa0ba902b7-01");
        consent.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Output.Trim());
        using var permitted = await practitioner.SendAsync(consent, Cancellation);
        Assert.True(permitted.IsSuccessStatusCode, await permitted.Content.ReadAsStringAsync(Cancellation));

        string[] all =
        [
            "clinic-a/gateway POST", "clinic-a/records POST /fhir/{", "clinic-a/records announce clinic-a.records.changes", "POST /dapr.proto.runtime.v1.Dapr/PublishEvent", "clinic-a/records POST /mesh/announced",
            "clinic-b/records feed clinic-a.records.changes", "clinic-b/functions datasource watcher",
        ];
        var spans = await UntilAsync(
            () => SpansAsync(core, trace), found => all.All(wanted => found.Any(s => Words(s).Contains(wanted, StringComparison.Ordinal))), found => string.Join('\n', found.Select(Words)));

        // From where the message arrived, and from the function, back to the door by which it began.
        Assert.Equal(["clinic-a/gateway", "clinic-a/records", "clinic-b/records", "clinic-b/functions"], Way(spans, all[^1]).Distinct());
        Assert.Equal("clinic-a/gateway", Way(spans, all[4])[0]);

        using var clinic = await OperatorAsync(mesh, "clinic-a", mesh.GatewayPort);
        using var other = await OperatorAsync(mesh, "clinic-b", mesh.OtherGatewayPort);
        foreach (var at in (HttpClient[])[core, clinic, other])
        {
            var there = await SpansAsync(at, trace);
            Assert.NotEmpty(there);
            Assert.All(there.Append(await AskAsync(at, "logs?limit=500")).Append(await AskAsync(at, "traces?limit=500")), seen => CanaryStory.AssertNone(seen.GetRawText(), Canary, patient));
        }
    }

    /// <summary>Who led to a span, from the first on.</summary>
    private static List<string> Way(List<JsonElement> spans, string to)
    {
        var (known, way) = (spans.ToDictionary(s => s.GetProperty("spanId").GetString()!), new List<string>());
        var at = spans.First(s => Words(s).Contains(to, StringComparison.Ordinal));
        for (; at.ValueKind == JsonValueKind.Object; at = at.TryGetProperty("parentId", out var parent) ? known.GetValueOrDefault(parent.GetString()!) : default)
        {
            way.Insert(0, $"{at.GetProperty("site").GetString()}/{at.GetProperty("service").GetString()}");
        }

        return way;
    }

    private static string Words(JsonElement span) => $"{span.GetProperty("site").GetString()}/{span.GetProperty("service").GetString()} {span.GetProperty("name").GetString()}";

    /// <summary>A function that is called for patients that come or change; returns once clinic-b runs it.</summary>
    private static async Task DeployWatcherAsync(RunningMesh mesh)
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-watcher-").FullName;
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "function.yaml"), "name: watcher\nversion: 1.0.0\nmodule: m.wasm\ntriggers:\n  - changes: { collections: [Patient] }\n", Cancellation);
            await File.WriteAllBytesAsync(Path.Combine(folder, "m.wasm"), SayingModule.Of("seen"), Cancellation);
            var deployed = await mesh.RunAsync("function", "deploy", folder);
            Assert.True(deployed.ExitCode == 0, deployed.ToString());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        await UntilAsync(async () => await mesh.RunAsync("function", "list", "--site", "clinic-b", "--json"), listed => listed.ExitCode == 0 && listed.Output.Contains("watcher", StringComparison.Ordinal));
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

    private static async Task<T> UntilAsync<T>(Func<Task<T>> ask, Func<T, bool> enough, Func<T, string>? words = null)
    {
        for (var tries = 0; ; tries++)
        {
            var answer = await ask();
            if (enough(answer))
            {
                return answer;
            }

            Assert.True(tries < 200, $"not in time; what is there:\n{words?.Invoke(answer)}");
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

/// <summary>A mesh whose metrics come to the core sooner than usual.</summary>
public sealed class MonitoredMesh : IAsyncLifetime
{
    internal RunningMesh Mesh { get; } = new(new Dictionary<string, string> { ["EdgeMesh__Monitor__RollUpSeconds"] = "10" });

    public ValueTask InitializeAsync() => Mesh.InitializeAsync();

    public ValueTask DisposeAsync() => Mesh.DisposeAsync();
}
