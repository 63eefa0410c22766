using EdgeMesh.Hosting;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>The telemetry that this site keeps: logs, traces, series, in one file that is bounded in size and age. Opened at first use.</summary>
internal sealed class TelemetryStore : IAsyncDisposable
{
    private const int SqliteBusy = 5;

    private readonly string _site;
    private readonly MonitorOptions _options;
    private readonly LogTail _tail;
    private readonly Lock _gate = new();
    private readonly Func<Open> _opener;
    private Open? _opened;

    public TelemetryStore(SiteIdentity identity, MonitorOptions options, TimeProvider clock)
    {
        (_site, _options, _tail) = (identity.Site, options, new LogTail(clock));
        var path = Path.Combine(identity.DataDirectory, "monitor", "telemetry.db");
        _opener = () => new Open(path, options, clock);
    }

    /// <summary>A disk that refused once is asked again at the next use.</summary>
    private Open Opened
    {
        get
        {
            if (Volatile.Read(ref _opened) is { } opened)
            {
                return opened;
            }

            lock (_gate)
            {
                return _opened ??= _opener();
            }
        }
    }

    public StoreStatus Status => new(Opened.Retention.Bytes, _options.StoreBytes, Opened.GivenUp.Counts, Opened.Thread.Fault);

    /// <summary>Returns when the batch is on disk, or will not be.</summary>
    public async Task<AddResult> AddAsync(TelemetryBatch batch)
    {
        var (open, refused) = (Opened, 0);
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

    /// <summary>Adds what another site handed over, once: a number that it has of that site's store already is only answered. The number is
    /// written together with the rows.</summary>
    /// <returns>The highest number that it has.</returns>
    public async Task<(AddResult Result, long Applied)> AddForwardedAsync(TelemetryBatch batch, string site, string epoch, long sequence)
    {
        var (open, applied) = (Opened, 0L);
        IReadOnlyList<LogLine> taken = [];
        var written = open.Thread.TryRun(connection => applied = open.Peers.Take(site, epoch, sequence, () =>
        {
            open.Writer.Write(batch);
            taken = batch.Logs;
        }), () => _tail.Publish(taken), Math.Max(1, batch.Weight));
        if (written is null)
        {
            return (new(AddOutcome.Busy), 0);
        }

        try
        {
            await written;
            return (new(AddOutcome.Stored), applied);
        }
        catch (SqliteException error)
        {
            return (new(AddOutcome.Failed, 0, error.Message), 0);
        }
    }

    /// <summary>Runs on the store's thread within a transaction.</summary>
    /// <exception cref="SqliteException">Nothing of it was written.</exception>
    public Task RunAsync(Action<SqliteConnection> work) =>
        Opened.Thread.TryRun(work) ?? Task.FromException(new SqliteException("Too much waits to be written.", SqliteBusy));

    /// <summary>Within <see cref="RunAsync"/>: counts what will not reach the core.</summary>
    public void CountGivenUp(string what, long records) => Opened.GivenUp.Add(what, records);

    /// <summary>Within <see cref="RunAsync"/>: rows that waited to be forwarded are in a parcel now.</summary>
    public void OutgoingTaken(long rows) => Opened.Outgoing?.Taken(rows);

    /// <summary>What waits to be forwarded.</summary>
    public OutgoingStatus ReadOutgoing() => Opened.Forwarding.Read();

    /// <summary>The newest first.</summary>
    public LogPage FindLogs(LogQuery query, CancellationToken cancellation = default) => Opened.Logs.Find(query, cancellation);

    /// <summary>For a histogram over the logs: <see cref="LogQuery.From"/> and <see cref="LogQuery.To"/> must be given.</summary>
    public IReadOnlyList<LevelCount> ReadLevelCounts(LogQuery query, int buckets, CancellationToken cancellation = default) => Opened.Logs.Count(query, buckets, cancellation);

    /// <summary>Lines as they are stored from now on. A reader that is too slow loses lines, and a line of the service
    /// <see cref="LogTail.LossService"/> with the id 0 says how many.</summary>
    public IAsyncEnumerable<LogLine> Tail(LogQuery query, CancellationToken cancellation) => _tail.WatchAsync(query, _site, cancellation);

    /// <summary>The newest first.</summary>
    public IReadOnlyList<TraceSummary> FindTraces(TraceQuery query, CancellationToken cancellation = default) => Opened.Traces.Find(query, cancellation);

    /// <summary>The spans of a trace in the order in which they began; none: the trace is not here.</summary>
    public IReadOnlyList<SpanRow> FindTrace(string traceId) => Opened.Traces.Spans(traceId);

    /// <summary>Null: there is none of that number.</summary>
    public SeriesInfo? FindSeries(long seriesId) => Opened.Series.Find(seriesId);

    public IReadOnlyList<SeriesInfo> ListSeries(SeriesQuery query) => Opened.Series.List(query);

    /// <summary>In order of time, from <paramref name="from"/> until before <paramref name="to"/>, thinned out to at most <paramref name="mostPoints"/>.</summary>
    public IReadOnlyList<SeriesPoint> ReadSeries(long seriesId, DateTimeOffset from, DateTimeOffset to, int mostPoints) => Opened.Series.Read(seriesId, from, to, mostPoints);

    public ValueTask DisposeAsync() => _opened is { } opened ? opened.DisposeAsync() : ValueTask.CompletedTask;

    private sealed class Open : IAsyncDisposable
    {
        private readonly StoreFile _file;

        public Open(string path, MonitorOptions options, TimeProvider clock)
        {
            _file = new(path);
            var connection = _file.OpenToWrite();
            GivenUp = new(connection);
            Outgoing = options.Core is null ? null : new(connection, GivenUp, options.ForwardLevel, options.ForwardRows);
            Writer = new(connection, Outgoing);
            Peers = new(connection, clock);
            Retention = new(connection, GivenUp, options, clock, Writer.Forget);
            Thread = new(connection, Retention.Keep, Forget, options.QueueBytes);
            Forwarding = new(_file);
            (Logs, Traces, Series) = (new(_file, clock), new(_file, clock), new(_file));
        }

        public GivenUp GivenUp { get; }

        public OutgoingRows? Outgoing { get; }

        public OutgoingReader Forwarding { get; }

        public PeerTable Peers { get; }

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
            Peers.Dispose();
            Outgoing?.Dispose();
            GivenUp.Dispose();
            await Thread.DisposeAsync();
            _file.Release();
        }

        private void Forget()
        {
            GivenUp.Reload();
            Writer.Forget();
        }
    }
}
