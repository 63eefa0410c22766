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
    private readonly Unwritten _unwritten;
    private readonly Lock _gate = new();
    private readonly Func<Open> _opener;
    private Open? _opened;

    public TelemetryStore(SiteIdentity identity, MonitorOptions options, TimeProvider clock, ILogger<TelemetryStore> logger)
    {
        (_site, _options, _tail, _unwritten) = (identity.Site, options, new LogTail(clock), new Unwritten(clock, logger));
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

    /// <summary>Since when and why the disk takes nothing; null: it does.</summary>
    public StoreOutage? Outage => _unwritten.Outage;

    /// <summary>Returns when the batch is on disk, or will not be: then its records are counted as lost, as most senders send nothing twice.</summary>
    public async Task<AddResult> AddAsync(TelemetryBatch batch)
    {
        var refused = 0;
        var result = await WriteAsync(open => refused = open.Write(batch, _site), () => _tail.Publish(batch.Logs), batch.Weight, batch.Records);
        return result.Outcome != AddOutcome.Stored || refused == 0 ? result : result with
        {
            Refused = refused,
            Reason = $"At most {NameTables.MostSourcesOfASite} services and {NameTables.MostSeriesOfASite} series of a site are kept; these are more.",
        };
    }

    /// <summary>Adds what another site handed over, once: a number that it has of that site's store already is only answered. The number is
    /// written together with the rows. What could not be written, that site sends again.</summary>
    /// <returns>The highest number that it has.</returns>
    public async Task<(AddResult Result, long Applied)> AddForwardedAsync(TelemetryBatch batch, string site, string epoch, long sequence)
    {
        var applied = 0L;
        IReadOnlyList<LogLine> taken = [];
        var result = await WriteAsync(open => applied = open.Peers.Take(site, epoch, sequence, () =>
        {
            open.Write(batch, site);
            taken = batch.Logs;
        }), () => _tail.Publish(taken), batch.Weight, lost: 0);
        return (result, result.Outcome == AddOutcome.Stored ? applied : 0);
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

    /// <param name="write">Within the transaction.</param>
    /// <param name="committed">Once it is on disk.</param>
    /// <param name="weight">About what waits in memory until then.</param>
    /// <param name="lost">Records that are lost when it is not written.</param>
    private async Task<AddResult> WriteAsync(Action<Open> write, Action committed, int weight, int lost)
    {
        Open open;
        try
        {
            open = Opened;
        }
        catch (Exception error) when (StoreFaults.Is(error))
        {
            _unwritten.Add(lost, 0, error.Message);
            return new(AddOutcome.Failed, 0, error.Message);
        }

        var late = 0L;
        try
        {
            var written = open.Thread.TryRun(
                _ =>
                {
                    write(open);
                    late = _unwritten.Take();
                    open.GivenUp.Add(Unwritten.What, late);
                },
                () =>
                {
                    committed();
                    _unwritten.End();
                },
                Math.Max(1, weight),
                // On the store's thread, so that a later commit ends the outage and this one does not begin it again.
                error => _unwritten.Add(lost, late, error.Message));
            if (written is null)
            {
                return new(AddOutcome.Busy, 0, "More telemetry came than the disk can take; send it again in a moment.");
            }

            await written;
            return new(AddOutcome.Stored);
        }
        catch (Exception error) when (StoreFaults.Is(error))
        {
            return new(AddOutcome.Failed, 0, error.Message);
        }
    }

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
