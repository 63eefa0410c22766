using EdgeMesh.Hosting;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>The telemetry that this site keeps: logs, traces, series, in one file that is bounded in size and age. Opened at first use.</summary>
internal sealed class TelemetryStore : IAsyncDisposable
{
    private const int SqliteBusy = 5;

    /// <summary>So often the store looks for what is too old, also while nothing comes.</summary>
    private static readonly TimeSpan IdleLook = TimeSpan.FromMinutes(1);

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
        var written = open.Thread.TryRun(_ => refused = open.Write(batch, _site), () => _tail.Publish(batch.Logs), Math.Max(1, batch.Weight));
        if (written is null)
        {
            return new(AddOutcome.Busy, 0, "More telemetry came than the disk can take; send it again in a moment.");
        }

        try
        {
            await written;
            return new(AddOutcome.Stored, refused, refused == 0 ? null : $"At most {NameTables.MostSourcesOfASite} services and {NameTables.MostSeriesOfASite} series of a site are kept; these are more.");
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
            open.Write(batch, site);
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
    /// <exception cref="TimeoutException">It takes too long.</exception>
    public IReadOnlyList<SpanRow> FindTrace(string traceId, CancellationToken cancellation = default) => Opened.Traces.Spans(traceId, cancellation);

    /// <summary>Null: there is none of that number.</summary>
    public SeriesInfo? FindSeries(long seriesId) => Opened.Series.Find(seriesId);

    /// <exception cref="TimeoutException">It takes too long.</exception>
    public IReadOnlyList<SeriesInfo> ListSeries(SeriesQuery query, CancellationToken cancellation = default) => Opened.Series.List(query, cancellation);

    /// <summary>The services of a site that the store has anything of, by name.</summary>
    public IReadOnlyList<string> ListServices(string site) => Opened.Series.Services(site);

    /// <summary>In order of time, from <paramref name="from"/> until before <paramref name="to"/>, thinned out to at most <paramref name="mostPoints"/>.</summary>
    /// <exception cref="TimeoutException">It takes too long.</exception>
    public IReadOnlyList<SeriesPoint> ReadSeries(long seriesId, DateTimeOffset from, DateTimeOffset to, int mostPoints, CancellationToken cancellation = default) =>
        Opened.Series.Read(seriesId, from, to, mostPoints, cancellation);

    public ValueTask DisposeAsync() => _opened is { } opened ? opened.DisposeAsync() : ValueTask.CompletedTask;

    private sealed class Open : IAsyncDisposable
    {
        private readonly StoreFile _file;
        private readonly ITimer _idle;
        private int _isLooking;

        public Open(string path, MonitorOptions options, TimeProvider clock)
        {
            _file = new(path, clock);
            var connection = _file.OpenToWrite();
            GivenUp = new(connection);
            Outgoing = options.Core is null ? null : new(connection, GivenUp, options.ForwardLevel, options.ForwardRows);
            Writer = new(connection, Outgoing);
            Peers = new(connection, clock);
            Retention = new(connection, GivenUp, options, clock, Writer.Forget);
            Thread = new(connection, Retention.Keep, Forget, options.QueueBytes);
            Forwarding = new(_file);
            (Logs, Traces, Series) = (new(_file, clock), new(_file, clock), new(_file, clock));
            _idle = clock.CreateTimer(_ => LookWhileIdle(), null, IdleLook, IdleLook);
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

        /// <summary>How many records were left out; counted under the site's name, for who sent them may never look.</summary>
        public int Write(TelemetryBatch batch, string site)
        {
            var refused = Writer.Write(batch);
            GivenUp.Add($"too-many-names of {site}", refused);
            return refused;
        }

        public async ValueTask DisposeAsync()
        {
            await _idle.DisposeAsync();
            // What waits is written; the statements go before their connection.
            await Thread.StopAsync();
            Writer.Dispose();
            Peers.Dispose();
            Outgoing?.Dispose();
            GivenUp.Dispose();
            await Thread.DisposeAsync();
            _file.Release();
        }

        /// <summary>A transaction of nothing: what follows each commit is what is wanted. One waits at a time.</summary>
        private void LookWhileIdle()
        {
            if (Interlocked.Exchange(ref _isLooking, 1) == 0 && Thread.TryRun(_ => Volatile.Write(ref _isLooking, 0)) is null)
            {
                Volatile.Write(ref _isLooking, 0);
            }
        }

        private void Forget()
        {
            GivenUp.Reload();
            Writer.Forget();
        }
    }
}
