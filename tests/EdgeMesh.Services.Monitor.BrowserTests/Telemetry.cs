using EdgeMesh.Services.Monitor.Store;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Services.Monitor.BrowserTests;

/// <summary>Telemetry as services send it, for the real store.</summary>
internal static class Telemetry
{
    private static readonly string[] Services = ["gateway", "records", "ledger", "functions"];

    public static LogLine Line(DateTimeOffset time, string message, LogLevel level = LogLevel.Information, string service = "records", string? trace = null, params (string Name, string Value)[] fields) =>
        new(0, time, ConsoleSite.Name, service, level, message, trace, trace is null ? null : "00000000000000a1", fields.ToDictionary(f => f.Name, f => f.Value));

    /// <summary>A site's ordinary day: many lines, some warnings, few errors.</summary>
    public static IEnumerable<LogLine> Day(DateTimeOffset now, int lines)
    {
        var random = new Random(7);
        for (var i = 0; i < lines; i++)
        {
            var service = Services[random.Next(Services.Length)];
            var level = random.Next(1000) switch { < 6 => LogLevel.Error, < 40 => LogLevel.Warning, _ => LogLevel.Information };
            var message = level switch
            {
                LogLevel.Error => "The link to core did not answer in 00:00:05; trying again in 00:00:02",
                LogLevel.Warning => "A request took 1,912 ms, longer than usual",
                _ => $"Answered GET /fhir/Observation with 200 in {random.Next(2, 90)} ms",
            };
            yield return Line(now - TimeSpan.FromSeconds(86_000.0 * i / lines), message, level, service, random.Next(3) == 0 ? TraceId(random.Next(1, 40)) : null,
                ("http.route", "/fhir/{type}"), ("http.response.status_code", level == LogLevel.Error ? "503" : "200"), ("thread.id", random.Next(1, 30).ToString(System.Globalization.CultureInfo.InvariantCulture)));
        }
    }

    public static string TraceId(int number) => number.ToString("x32", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A write that another site reads: spans of two sites, one of which failed.</summary>
    public static IReadOnlyList<SpanRow> Trace(int number, DateTimeOffset start, bool isBad = false)
    {
        return
        [
            Span(1, null, "clinic-07", "gateway", "POST /fhir/Patient", "server", 0, 143),
            Span(2, 1, "clinic-07", "gateway", "POST", "client", 4, 135),
            Span(3, 2, "clinic-07", "records", "POST /fhir/{type}", "server", 7, 128),
            Span(4, 3, "clinic-07", "records", "journal commit", "internal", 20, 61),
            Span(5, 4, "clinic-07", "sidecar", "state transaction heads", "client", 24, 38),
            Span(6, 3, "clinic-07", "records", "publish wan", "producer", 84, 17),
            Span(7, 6, "core", "records", "feed clinic-07.records.changes", "consumer", 101, 38),
            Span(8, 7, "core", "records", "apply", "internal", 109, 24, isBad),
        ];

        SpanRow Span(int id, int? parent, string site, string service, string name, string kind, int after, int took, bool isError = false) => new(
            TraceId(number), id.ToString("x16", System.Globalization.CultureInfo.InvariantCulture), parent?.ToString("x16", System.Globalization.CultureInfo.InvariantCulture), site, service, name, kind,
            start + TimeSpan.FromMilliseconds(after), TimeSpan.FromMilliseconds(took), isError,
            new Dictionary<string, string> { ["http.request.method"] = "POST", ["url.path"] = "/fhir/Patient" }, []);
    }

    public static IEnumerable<SeriesSample> Series(DateTimeOffset now, string name, string unit, string kind, Func<int, double> value, string service = "gateway", int minutes = 60)
    {
        for (var i = 0; i < minutes; i++)
        {
            yield return new SeriesSample(ConsoleSite.Name, service, name, unit, kind, new Dictionary<string, string> { ["http.route"] = "/fhir/{type}" },
                now - TimeSpan.FromMinutes(minutes - i), value(i), i % 9 == 4 ? TraceId(1 + (i % 39)) : null);
        }
    }
}
