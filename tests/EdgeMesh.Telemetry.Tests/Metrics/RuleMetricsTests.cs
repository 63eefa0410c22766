using System.Text.RegularExpressions;
using EdgeMesh.Telemetry.Tests.Infra;

namespace EdgeMesh.Telemetry.Tests.Metrics;

/// <summary>Promtool tries the rules on series that are made up: an alert about a metric that nobody exposes would never fire.</summary>
public sealed partial class RuleMetricsTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static List<string> Named => [.. Metric.Matches(File.ReadAllText(InfraFolder.File("prometheus", "rules", "edgemesh.yml"))).Select(m => m.Value).Distinct()];

    [Fact]
    public async Task Rules_NameWhatAServiceThatShipsExposes()
    {
        // A site of its own: what ships for a site is one in a process, and other tests ship for others at the same time.
        await using var records = await MetricsHost.StartAsync("site-with-rules", "records", new("EdgeMesh:LogShipping:Url", "http://127.0.0.1:1"), new(TelemetrySettings.SpoolFolder, _folder.Path));
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        await client.GetStringAsync($"{records.Urls.First()}/metrics", Cancellation);
        await client.GetStringAsync($"{records.Urls.First()}/patients/p1", Cancellation);
        var scraped = await client.GetStringAsync($"{records.Urls.First()}/metrics", Cancellation);
        var exposed = Line.Matches(scraped).Select(m => m.Groups["name"].Value).ToHashSet();

        var named = Named.Where(n => !n.StartsWith("edgemesh_monitor_", StringComparison.Ordinal)).ToList();
        Assert.Contains("edgemesh_log_lost", named);
        Assert.All(named, name => Assert.Contains(name, exposed));
    }

    /// <summary>The monitor's own are no concern of a library: its source must make an instrument of that name and kind.</summary>
    [Fact]
    public void Rules_NameWhatTheMonitorMeasures()
    {
        var source = string.Concat(Directory.EnumerateFiles(InfraFolder.File("..", "services", "Monitor"), "*Meter.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        var counters = Counter.Matches(source).Select(m => $"{m.Groups["name"].Value.Replace('.', '_')}_total").ToHashSet();

        Assert.All(Named.Where(n => n.StartsWith("edgemesh_monitor_", StringComparison.Ordinal)), name => Assert.Contains(name, counters));
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>Not what a rule records: that has colons.</summary>
    [GeneratedRegex(@"\b(edgemesh|http_server)_\w+")]
    private static partial Regex Metric { get; }

    [GeneratedRegex(@"^(?<name>[a-z]\w*)[{ ]", RegexOptions.Multiline)]
    private static partial Regex Line { get; }

    [GeneratedRegex(@"Create(Observable)?Counter(<\w+>)?\(""(?<name>[\w.]+)""")]
    private static partial Regex Counter { get; }
}
