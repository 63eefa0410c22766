using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using EdgeMesh.MeshTests.Functions;
using EdgeMesh.MeshTests.Processes;

namespace EdgeMesh.MeshTests.Telemetry;

/// <summary>The same with real sidecars, which tell of each request too: nothing of a record is in what the site's monitor took, nor in any log.</summary>
[Trait("Category", "Engines")]
public sealed class CanaryOnDaprdTests
{
    private const string Site = "core";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Site_OnDaprd_WhereSomebodyWorksWithARecord_KeepsNothingOfItInTelemetry()
    {
        using var components = ComponentFolder.Copy("rabbitmq");
        components.Write("wan.yaml", OneSite.Broker("wan"));
        components.Write("events.yaml", OneSite.Broker("events"));
        var topology = Path.Combine(components.Path, "..", $"{Path.GetFileName(components.Path)}.tye.yaml");
        await File.WriteAllTextAsync(topology, await OneSiteAsync(), Cancellation);
        try
        {
            // Gone before its topology is: it is stopped by that.
            await using var mesh = new RunningMesh(topology, "daprd", components.Path);
            await mesh.InitializeAsync();
            var id = await new CanaryStory(mesh, Site, mesh.CoreGatewayPort).TellAsync();
            var services = await TracedAsync(mesh);

            Assert.Superset(new HashSet<string> { "gateway", "records", "functions" }, services);
            Assert.All(Directory.GetFiles(Path.Combine(mesh.Data, "sites", Site, "monitor"), "telemetry.db*").Concat(Directory.GetFiles(mesh.Data, "*.log", SearchOption.AllDirectories)), file => CanaryStory.AssertNone(Read(file), CanaryStory.Canary, id));
        }
        finally
        {
            File.Delete(topology);
        }
    }

    /// <summary>Who has spans in the story's trace, once the functions have: they came last.</summary>
    private static async Task<HashSet<string>> TracedAsync(RunningMesh mesh)
    {
        var token = await mesh.RunAsync("token", "--user", "olga", "--role", "admin", "--site", Site);
        Assert.True(token.ExitCode == 0, token.ToString());
        using var client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = mesh.IsOurs } }) { BaseAddress = new Uri($"https://127.0.0.1:{mesh.CoreGatewayPort}"), Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Output.Trim());
        for (var tries = 0; ; tries++)
        {
            using var answer = await client.GetAsync($"/monitor/traces/{CanaryStory.Trace}", Cancellation);
            var text = await answer.Content.ReadAsStringAsync(Cancellation);
            if (answer.IsSuccessStatusCode && JsonDocument.Parse(text).RootElement is var spans && spans.EnumerateArray().Any(s => s.GetProperty("name").GetString() == "http blab"))
            {
                return [.. spans.EnumerateArray().Select(s => s.GetProperty("service").GetString()!)];
            }

            Assert.True(tries < 300, text);
            await Task.Delay(200, Cancellation);
        }
    }

    private static string Read(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream, Encoding.Latin1);
        return reader.ReadToEnd();
    }

    /// <summary>The house's services at one site.</summary>
    private static async Task<string> OneSiteAsync()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tye.yaml"), Cancellation);
        return text[..text.IndexOf("      - name: clinic-a", StringComparison.Ordinal)];
    }
}
