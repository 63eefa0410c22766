using System.Globalization;
using EdgeMesh.Services.Monitor.Console.Text;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Console.Logs;

/// <summary>Which lines an address asks for.</summary>
internal sealed record LogFilter(string Typed, string? Site, string? Service, LogLevel LeastLevel, string? TraceId, TimeRange Range)
{
    private const string UsualRange = "24h";
    private static readonly TimeSpan Nearby = TimeSpan.FromMinutes(1);

    public bool IsFiltered => Typed.Length > 0 || Site is not null || Service is not null || TraceId is not null || LeastLevel > LogLevel.Trace || Range.Name is null;

    /// <summary>From the parts of an address; what is nonsense counts as not given.</summary>
    public static LogFilter Read(string? typed, string? site, string? service, string? level, string? trace, string? range, string? from, string? to, DateTimeOffset now) => new(
        Given(typed) ?? "",
        Given(site),
        Given(service),
        Enum.TryParse<LogLevel>(level, ignoreCase: true, out var least) && LogLines.Levels.Contains(least) ? least : LogLevel.Trace,
        TraceIds.Read(trace),
        TimeRange.Read(range, Milliseconds(from), Milliseconds(to), UsualRange, now));

    public LogQuery Query(int limit)
    {
        var search = LogSearch.Parse(Typed);
        return new LogQuery
        {
            From = Range.From,
            // Up to now means whatever comes next, too: clocks of other sites may be a little ahead.
            To = Range.Name is null ? Range.To : null,
            Text = search.Text,
            Fields = search.Fields,
            Site = Site,
            Service = Service,
            LeastLevel = LeastLevel,
            TraceId = TraceId,
            Limit = limit,
        };
    }

    /// <summary>The address of the same lines with something else typed.</summary>
    public string Link(string typed) => $"{Address(typed)}&{(Range.Name is { } name ? $"range={name}" : Part(Range.From, Range.To))}";

    /// <summary>The address of those of the lines that lie in a part of the time.</summary>
    public string Link(DateTimeOffset from, DateTimeOffset to) => $"{Address(Typed)}&{Part(from, to)}";

    /// <summary>The address of all lines about a moment.</summary>
    public static string Around(DateTimeOffset time) => $"logs?{Part(time - Nearby, time + Nearby)}";

    private string Address(string typed) =>
        $"logs?q={Uri.EscapeDataString(typed)}&site={Uri.EscapeDataString(Site ?? "")}&service={Uri.EscapeDataString(Service ?? "")}&level={LeastLevel}&trace={Uri.EscapeDataString(TraceId ?? "")}";

    private static string Part(DateTimeOffset from, DateTimeOffset to) => $"from={from.ToUnixTimeMilliseconds()}&to={to.ToUnixTimeMilliseconds()}";

    private static long? Milliseconds(string? text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
