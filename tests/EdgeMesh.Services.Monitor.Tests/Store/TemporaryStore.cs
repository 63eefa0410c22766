using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Monitor.Tests.Store;

/// <summary>A store in a folder of its own, on a clock that the test moves.</summary>
internal sealed class TemporaryStore : IAsyncDisposable
{
    public const string Site = "clinic-a";

    public static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private readonly string _folder = Directory.CreateTempSubdirectory("edgemesh-monitor-").FullName;

    /// <param name="options">Limits; null: the usual.</param>
    /// <param name="clock">Null: one of its own.</param>
    public TemporaryStore(MonitorOptions? options = null, FakeTimeProvider? clock = null)
    {
        (Options, Clock) = (options ?? new MonitorOptions(), clock ?? new(Start));
        Store = NewStore();
    }

    public MonitorOptions Options { get; }

    public FakeTimeProvider Clock { get; }

    public TelemetryStore Store { get; private set; }

    /// <summary>What the store logged.</summary>
    public HeardLogger<TelemetryStore> Log { get; } = new();

    /// <summary>The site's data.</summary>
    public string Folder => _folder;

    public string File => Path.Combine(_folder, "monitor", "telemetry.db");

    public static LogLine Line(string message, int second = 0, LogLevel level = LogLevel.Information, string service = "records", string site = Site,
        string? trace = null, params (string Name, string Value)[] fields) =>
        new(0, Start.AddSeconds(second), site, service, level, message, trace, trace?[^16..], fields.ToDictionary(f => f.Name, f => f.Value));

    public static SpanRow Span(string trace, string span, string? parent, string name, int milliseconds = 0, int duration = 10, bool error = false, string service = "records", string site = Site) =>
        new(trace, span, parent, site, service, name, "server", Start.AddMilliseconds(milliseconds), TimeSpan.FromMilliseconds(duration), error, new Dictionary<string, string> { ["http.route"] = "/fhir" }, []);

    public static SeriesSample Sample(string name, double value, int second = 0, string kind = SeriesKinds.Gauge, string service = "records", params (string Name, string Value)[] labels) =>
        new(Site, service, name, "s", kind, labels.ToDictionary(l => l.Name, l => l.Value), Start.AddSeconds(second), value, null);

    public Task AddAsync(params LogLine[] lines) => AddAsync(new TelemetryBatch { Logs = lines });

    public Task AddAsync(params SpanRow[] spans) => AddAsync(new TelemetryBatch { Spans = spans });

    public Task AddAsync(params SeriesSample[] samples) => AddAsync(new TelemetryBatch { Samples = samples });

    public async Task AddAsync(TelemetryBatch batch) => Assert.Equal(new AddResult(AddOutcome.Stored), await Store.AddAsync(batch));

    public LogPage Find(LogQuery query) => Store.FindLogs(query, TestContext.Current.CancellationToken);

    public IReadOnlyList<TraceSummary> Find(TraceQuery query) => Store.FindTraces(query, TestContext.Current.CancellationToken);

    public IReadOnlyList<SpanRow> FindTrace(string trace) => Store.FindTrace(trace, TestContext.Current.CancellationToken);

    public IReadOnlyList<SeriesInfo> ListSeries(SeriesQuery query) => Store.ListSeries(query, TestContext.Current.CancellationToken);

    public IReadOnlyList<SeriesPoint> ReadSeries(long series, DateTimeOffset from, DateTimeOffset to, int most) => Store.ReadSeries(series, from, to, most, TestContext.Current.CancellationToken);

    public IReadOnlyList<LevelCount> Count(LogQuery query, int buckets) => Store.ReadLevelCounts(query, buckets, TestContext.Current.CancellationToken);

    public async Task ReopenAsync()
    {
        await Store.DisposeAsync();
        Store = NewStore();
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private TelemetryStore NewStore() => new(new SiteIdentity(Site, MonitorApp.AppId, _folder), Options, Clock, Log);
}
