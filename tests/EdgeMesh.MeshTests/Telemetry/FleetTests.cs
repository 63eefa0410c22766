using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using EdgeMesh.MeshTests.Processes;

namespace EdgeMesh.MeshTests.Telemetry;

/// <summary>Three sites as processes, a link that is cut, and a core that is killed.</summary>
public sealed partial class FleetTests
{
    private const int Live = 1;
    private const int Offline = 3;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Core_KilledWhileASiteIsCutOff_KnowsItAfterwards_AndSeesItComeBack()
    {
        await using var mesh = new RunningMesh(new Dictionary<string, string>
        {
            ["EdgeMesh__Monitor__Fleet__ReportSeconds"] = "1",
            ["EdgeMesh__Monitor__Fleet__StaleSeconds"] = "7",
            ["EdgeMesh__Monitor__Fleet__OfflineSeconds"] = "8",
            // A machine with much to do makes reports late: a site that fell three times would have to be steady for longer than this test waits.
            ["EdgeMesh__Monitor__Fleet__FlapFalls"] = "100",
            ["EdgeMesh__Monitor__Alerts__LookSeconds"] = "1",
        });
        await mesh.InitializeAsync();
        await UntilAsync(mesh, fleet => fleet.Count == 3 && fleet.Values.All(l => l == Live));

        Assert.Equal(0, (await mesh.RunAsync("link", "cut", "core", "clinic-a")).ExitCode);
        await UntilAsync(mesh, fleet => fleet.GetValueOrDefault("clinic-a") == Offline && fleet.GetValueOrDefault("clinic-b") == Live);

        await AlertedAsync(mesh, alert => !alert.TryGetProperty("silencedUntil", out var until) || until.ValueKind == JsonValueKind.Null);
        var silenced = await mesh.RunAsync("alerts", "silence", "--rule", "site-off*", "--of", "clinic-a", "--for", "1h", "--why", "the line is being mended");
        Assert.True(silenced.ExitCode == 0, silenced.ToString());

        // What it says of clinic-a afterwards can only be from its disk: nobody tells it anything.
        var killed = await KillAsync(mesh, "core");
        var known = await UntilAsync(mesh, fleet => fleet.GetValueOrDefault("clinic-b") == Live && fleet.GetValueOrDefault("core") == Live, killed);
        Assert.Equal(Offline, known["clinic-a"]);
        await AlertedAsync(mesh, alert => alert.TryGetProperty("silencedUntil", out var until) && until.ValueKind == JsonValueKind.String);

        Assert.Equal(0, (await mesh.RunAsync("link", "restore", "core", "clinic-a")).ExitCode);
        await UntilAsync(mesh, fleet => fleet.GetValueOrDefault("clinic-a") == Live);
    }

    /// <summary>Until the core's list has clinic-a's alert as it should be.</summary>
    private static async Task AlertedAsync(RunningMesh mesh, Func<JsonElement, bool> isSo)
    {
        var started = TimeProvider.System.GetTimestamp();
        var listed = await mesh.RunAsync("alerts", "list", "--json");
        while (!Alerts(listed.Output).Any(a => a.GetProperty("rule").GetString() == "site-offline" && a.GetProperty("site").GetString() == "clinic-a" && a.GetProperty("state").GetString() == "firing" && isSo(a)))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Limit, $"after {Limit.TotalSeconds:0} s the core lists {listed}");
            await Task.Delay(500, TestContext.Current.CancellationToken);
            listed = await mesh.RunAsync("alerts", "list", "--json");
        }
    }

    private static IEnumerable<JsonElement> Alerts(string output) => output.TrimStart().StartsWith('{') ? JsonDocument.Parse(output).RootElement.GetProperty("alerts").EnumerateArray() : [];

    /// <summary>Ends a site's process with SIGKILL; the launcher starts another.</summary>
    private static async Task<int> KillAsync(RunningMesh mesh, string site)
    {
        var process = await ProcessAsync(mesh, site) ?? throw new InvalidOperationException($"{site} does not run.");
        using var found = Process.GetProcessById(process);
        found.Kill();
        return process;
    }

    private static async Task<int?> ProcessAsync(RunningMesh mesh, string site)
    {
        using var status = JsonDocument.Parse((await mesh.RunAsync("status", "--json")).Output);
        return status.RootElement.GetProperty("sites").EnumerateArray().Single(s => s.GetProperty("name").GetString() == site).GetProperty("pid").Deserialize<int?>();
    }

    private static async Task<IReadOnlyDictionary<string, int>> UntilAsync(RunningMesh mesh, Func<IReadOnlyDictionary<string, int>, bool> isSo, int? killed = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        IReadOnlyDictionary<string, int> fleet;
        while (!isSo(fleet = await FleetAsync(mesh)) || (killed is { } old && await ProcessAsync(mesh, "core") == old))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Limit, $"after {Limit.TotalSeconds:0} s the core says {string.Join(", ", fleet)}");
            await Task.Delay(200, TestContext.Current.CancellationToken);
        }

        return fleet;
    }

    /// <summary>What the core's monitor measures of each site's liveness; nothing while it is away.</summary>
    private static async Task<IReadOnlyDictionary<string, int>> FleetAsync(RunningMesh mesh)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        try
        {
            var text = await client.GetStringAsync(mesh.MonitorOfCore, TestContext.Current.CancellationToken);
            return LivenessOf().Matches(text).ToDictionary(m => m.Groups["site"].Value, m => (int)double.Parse(m.Groups["value"].Value, CultureInfo.InvariantCulture));
        }
        catch (HttpRequestException)
        {
            return new Dictionary<string, int>();
        }
    }

    [GeneratedRegex("""^fleet_liveness\{[^}]*fleet_site="(?<site>[^"]+)"[^}]*\} (?<value>[0-9.]+)""", RegexOptions.Multiline)]
    private static partial Regex LivenessOf();
}
