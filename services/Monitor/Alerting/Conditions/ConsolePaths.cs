using EdgeMesh.Services.Monitor.Console.Logs;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Alerting.Conditions;

/// <summary>The console's views that an alert can lead to, from the console's root.</summary>
internal static class ConsolePaths
{
    public static string Site(string site) => $"/sites/{Uri.EscapeDataString(site)}";

    /// <summary>The chart of a series.</summary>
    public static string Series(long seriesId) => $"/metrics/{seriesId}";

    /// <summary>A site's series of a name.</summary>
    public static string Metric(string site, string name, string? service) => $"/metrics?q={Uri.EscapeDataString(name)}&site={Uri.EscapeDataString(site)}{Part("service", service)}";

    /// <summary>The lines of a site that a query finds, of a time that it names.</summary>
    public static string Logs(string site, LogQuery query) =>
        $"/logs?site={Uri.EscapeDataString(site)}{Part("service", query.Service)}{Part("level", query.LeastLevel > LogLevel.Trace ? query.LeastLevel.ToString() : null)}{Part("q", Typed(query))}"
        + $"&from={query.From!.Value.ToUnixTimeMilliseconds()}&to={query.To!.Value.ToUnixTimeMilliseconds()}";

    public static string Alerts() => "/alerts";

    public static string Ledger() => "/ledger";

    private static string? Typed(LogQuery query) => LogSearch.Write(query.Text, query.Fields) is { Length: > 0 } typed ? typed : null;

    private static string Part(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";
}
