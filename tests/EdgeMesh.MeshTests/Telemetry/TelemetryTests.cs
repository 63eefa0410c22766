using System.Text;
using System.Text.Json;
using EdgeMesh.MeshTests.Processes;
using EdgeMesh.Telemetry.Tests.Shipping;

namespace EdgeMesh.MeshTests.Telemetry;

/// <summary>A mesh that ships its logs, exports its traces and is scraped, while somebody works with a patient's record.</summary>
public sealed class TelemetryTests
{
    private const string Canary = CanaryStory.Canary;
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Mesh_AReadAcrossSites_IsOneTraceOfBothAndNothingPersonalLeavesByTelemetry()
    {
        var index = new FakeIndex(TimeProvider.System);
        await using var shipped = await FakeIndexServer.StartAsync(index, Cancellation);
        await using var traces = await OtlpReceiver.StartAsync(Cancellation);
        await using var mesh = new RunningMesh(new Dictionary<string, string>
        {
            ["EdgeMesh__LogShipping__Url"] = shipped.Url,
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = traces.Url,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            ["OTEL_METRIC_EXPORT_INTERVAL"] = "500",
        });
        await mesh.InitializeAsync();

        var id = await new CanaryStory(mesh, "clinic-a", mesh.GatewayPort).TellAsync(("clinic-b", mesh.OtherGatewayPort));
        await ReadElsewhereAsync(mesh, id);
        var (scraped, measured) = (await ScrapeAsync(mesh), traces.Metrics.Count);
        var pseudonym = (await mesh.RunAsync("records", "pseudonym", id, "--site", "clinic-a")).Output.Trim();
        await UntilAsync(() => Hosts(traces).IsSupersetOf(["clinic-a/gateway", "clinic-a/records", "clinic-b/gateway", "clinic-b/records"]), () => $"the trace was seen at {string.Join(", ", Hosts(traces))}");
        await UntilAsync(() => Sites(index).IsSupersetOf(["core", "clinic-a", "clinic-b"]) && Accesses(index, pseudonym).Count > 0,
            () => $"logs came of {string.Join(", ", Sites(index))}, accesses of the patient: {Accesses(index, pseudonym).Count}");

        // Of each of the three sites at least one that began after the patient was read.
        await UntilAsync(() => traces.Metrics.Count >= measured + 9, () => $"{traces.Metrics.Count - measured} exports of measurements came");

        Assert.Contains(traces.Metrics, m => m.Contains("dapr_http_server_latency", StringComparison.Ordinal));
        Assert.Contains("edgemesh_log_backlog_age_seconds", scraped, StringComparison.Ordinal);
        Assert.Contains(Accesses(index, pseudonym), a => a.GetProperty("trace.id").GetString() == Trace);
        string[] canaries = [Canary, id];
        Assert.All(index.Records.Select(r => r.GetRawText()).Append(scraped).Concat(traces.Bodies.Select(Encoding.Latin1.GetString)), text => CanaryStory.AssertNone(text, canaries));
        Assert.All(Directory.GetFiles(mesh.Data, "*.log", SearchOption.AllDirectories), file => CanaryStory.AssertNone(Read(file), canaries));
    }

    /// <summary>While it is written.</summary>
    private static string Read(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>From clinic-b, which must ask clinic-a; the answer is a denial, as nobody consented, and it is a trace all the same.</summary>
    private static async Task ReadElsewhereAsync(RunningMesh mesh, string id)
    {
        using var client = await mesh.PractitionerAsync("dr-bob", "clinic-b", mesh.OtherGatewayPort);
        client.DefaultRequestHeaders.TryAddWithoutValidation("traceparent", $"00-{Trace}-00f067aa0ba902b7-01");
        using var answer = await client.GetAsync($"/fhir/Patient/{id}", Cancellation);
        Assert.Equal(System.Net.HttpStatusCode.NotFound, answer.StatusCode);
        using var found = await client.GetAsync($"/fhir/Patient?name={Canary}", Cancellation);
        Assert.True(found.IsSuccessStatusCode, await found.Content.ReadAsStringAsync(Cancellation));
    }

    private static async Task<string> ScrapeAsync(RunningMesh mesh)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var text = new StringBuilder();
        foreach (var target in JsonDocument.Parse((await mesh.RunAsync("scrape-file")).Output).RootElement.EnumerateArray())
        {
            text.Append(await client.GetStringAsync($"http://{target.GetProperty("targets")[0].GetString()}/metrics", Cancellation));
        }

        return text.ToString();
    }

    private static HashSet<string> Hosts(OtlpReceiver traces) => [.. traces.Spans.Where(s => s.Trace == Trace).Select(s => $"{s.Site}/{s.Service}")];

    private static HashSet<string> Sites(FakeIndex index) => [.. index.Records.Select(r => r.GetProperty("service.node.name").GetString()!)];

    private static List<JsonElement> Accesses(FakeIndex index, string pseudonym) =>
        [.. index.Records.Where(r => r.TryGetProperty("labels", out var labels) && labels.TryGetProperty("Patient", out var patient) && patient.GetString() == pseudonym)];

    private static async Task UntilAsync(Func<bool> happened, Func<string> otherwise)
    {
        for (var tries = 0; !happened(); tries++)
        {
            Assert.True(tries < 600, otherwise());
            await Task.Delay(100, Cancellation);
        }
    }
}
