using EdgeMesh.Hosting;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>The telemetry that this site keeps: logs, traces, series, in one file that is bounded in size and age. Opened at first use.</summary>
internal sealed class TelemetryStore : IAsyncDisposable
{
    private readonly string _site;
    private readonly MonitorOptions _options;
    private readonly LogTail _tail;
    private readonly Lazy<Open> _open;

    public TelemetryStore(SiteIdentity identity, MonitorOptions options, TimeProvider clock)
    {
        (_site, _options, _tail) = (identity.Site, options, new LogTail(clock));
        var path = Path.Combine(identity.DataDirectory, "monitor", "telemetry.db");
        _open = new(() => new Open(path, options, clock));
    }

    public StoreStatus Status => new(_open.Value.Retention.Bytes, _options.StoreBytes, _open.Value.Retention.GivenUp, _open.Value.Thread.Fault);

    /// <summary>Returns when the batch is on disk, or will not be.</summary>
    public async Task<AddResult> AddAsync(TelemetryBatch batch)
    {
        var (open, refused) = (_open.Value, 0);
        var written = open.Thread.TryRun(_ => refused = open.Writer.Write(batch), () => _tail.Publish(batch.Logs), Math.Max(1, batch.Weight));
        if (written is null)
        {
            return new(AddOutcome.Busy, 0, "More telemetry came than the disk can take; send it again in a moment.");
        }

        try
        {
            await written;
            return new(AddOutcome.Stored, refused, refused == 0 ? null : $"At most {NameTables.MostSources} services and {NameTables.MostSeries} series are kept; these are more.");
        }
        catch (SqliteException error)
        {
            return new(AddOutcome.Failed, 0, error.Message);
        }
    }

    /// <summary>The newest first.</summary>
    public LogPage FindLogs(LogQuery query, CancellationToken cancellation = default) => _open.Value.Logs.Find(query, cancellation);

    /// <summary>For a histogram over the logs: <see cref="LogQuery.From"/> and <see cref="LogQuery.To"/> must be given.</summary>
    public IReadOnlyList<LevelCount> ReadLevelCounts(LogQuery query, int buckets, CancellationToken cancellation = default) => _open.Value.Logs.Count(query, buckets, cancellation);

    /// <summary>Lines as they are stored from now on. A reader that is too slow loses lines, and a line of the service
    /// <see cref="LogTail.LossService"/> with the id 0 says how many.</summary>
    public IAsyncEnumerable<LogLine> Tail(LogQuery query, CancellationToken cancellation) => _tail.WatchAsync(query, _site, cancellation);

    /// <summary>The newest first.</summary>
    public IReadOnlyList<TraceSummary> FindTraces(TraceQuery query, CancellationToken cancellation = default) => _open.Value.Traces.Find(query, cancellation);

    /// <summary>The spans of a trace in the order in which they began; none: the trace is not here.</summary>
    public IReadOnlyList<SpanRow> FindTrace(string traceId) => _open.Value.Traces.Spans(traceId);

    public IReadOnlyList<SeriesInfo> ListSeries(SeriesQuery query) => _open.Value.Series.List(query);

    /// <summary>In order of time, from <paramref name="from"/> until before <paramref name="to"/>, thinned out to at most <paramref name="mostPoints"/>.</summary>
    public IReadOnlyList<SeriesPoint> ReadSeries(long seriesId, DateTimeOffset from, DateTimeOffset to, int mostPoints) => _open.Value.Series.Read(seriesId, from, to, mostPoints);

    public ValueTask DisposeAsync() => _open.IsValueCreated ? _open.Value.DisposeAsync() : ValueTask.CompletedTask;

    private sealed class Open : IAsyncDisposable
    {
        private readonly StoreFile _file;

        public Open(string path, MonitorOptions options, TimeProvider clock)
        {
            _file = new(path);
            var connection = _file.OpenToWrite();
            Writer = new(connection);
            Retention = new(connection, options, clock, Writer.Forget);
            Thread = new(connection, Retention.Keep, Writer.Forget, options.QueueBytes);
            (Logs, Traces, Series) = (new(_file, clock), new(_file, clock), new(_file));
        }

        public BatchWriter Writer { get; }

        public Retention Retention { get; }

        public StoreThread Thread { get; }

        public LogReader Logs { get; }

        public TraceReader Traces { get; }

        public SeriesReader Series { get; }

        public async ValueTask DisposeAsync()
        {
            // What waits is written; the statements go before their connection.
            await Thread.StopAsync();
            Writer.Dispose();
            await Thread.DisposeAsync();
            _file.Release();
        }
    }
}
