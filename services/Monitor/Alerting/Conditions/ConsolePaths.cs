namespace EdgeMesh.Services.Monitor.Alerting.Conditions;

/// <summary>The console's views that an alert can lead to, from the console's root.</summary>
internal static class ConsolePaths
{
    public static string Site(string site) => $"/sites/{Uri.EscapeDataString(site)}";

    /// <summary>The chart of a series.</summary>
    public static string Series(long seriesId) => $"/metrics/{seriesId}";

    /// <summary>All series of a name.</summary>
    public static string Metric(string name, string? service) => $"/metrics?q={Uri.EscapeDataString(name)}{Part("service", service)}";

    public static string Logs(string site, string? service, LogLevel least, string? text, DateTimeOffset from, DateTimeOffset to) =>
        $"/logs?site={Uri.EscapeDataString(site)}{Part("service", service)}{Part("level", least > LogLevel.Trace ? least.ToString() : null)}{Part("q", text)}&from={from.ToUnixTimeMilliseconds()}&to={to.ToUnixTimeMilliseconds()}";

    public static string Alerts() => "/alerts";

    public static string Ledger() => "/ledger";

    private static string Part(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";
}
