using System.Globalization;
using System.Net;
using System.Text.Json;
using EdgeMesh.MeshTests.Processes;
using EdgeMesh.Tests.Servers;

namespace EdgeMesh.MeshTests.Brokers;

/// <summary>One process holds a whole site, so a server that is away must not end it.</summary>
[Trait("Category", "Engines")]
public sealed class SiteWithoutItsBrokerTests
{
    private const int Shift = 11_500;
    private const int RecordsPort = 7120 + Shift;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Site_WhoseBrokerIsAwayAtTheStart_NamesItAndIsReadyWhenItComes()
    {
        await using var rabbit = await ServerProcess.RabbitMqAsync(Cancellation);
        await rabbit.KillAsync();
        using var components = ComponentFolder.Copy("rabbitmq", ("127.0.0.1:5672", $"127.0.0.1:{rabbit.Port}"));
        var data = Directory.CreateTempSubdirectory("edgemesh-site-").FullName;
        string[] place = ["--data-dir", data, "--port-shift", Shift.ToString(CultureInfo.InvariantCulture)];
        var keys = await EdgeMeshCommand.RunAsync(TimeSpan.FromSeconds(60), Cancellation, ["keys", .. place]);
        Assert.True(keys.ExitCode == 0, keys.ToString());
        using var site = EdgeMeshCommand.Start(["site", "core", .. place, "--components", components.Path]);
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{RecordsPort}") };
            var said = "";
            await Patience.HoldsAsync(async () => (said = await AskAsync(client)).Contains("component 'wan' is not open", StringComparison.Ordinal), () => said, Cancellation);

            await rabbit.StartAsync(Cancellation);

            await Patience.HoldsAsync(async () => (await client.GetAsync("/readyz", Cancellation)).StatusCode == HttpStatusCode.OK, () => said, Cancellation);
        }
        finally
        {
            site.Kill(entireProcessTree: true);
            await site.WaitForExitAsync(CancellationToken.None);
            Directory.Delete(data, recursive: true);
        }
    }

    private static async Task<string> AskAsync(HttpClient client)
    {
        using var answer = await client.GetAsync("/readyz", Cancellation);
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation));
        return string.Join('\n', json.RootElement.GetProperty("waitingFor").EnumerateArray().Select(w => w.GetProperty("reason").GetString()));
    }
}
