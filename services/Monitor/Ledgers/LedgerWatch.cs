using System.Collections.Immutable;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;
using EdgeMesh.Services.Monitor.Fleet;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Ledgers;

/// <summary>Looks every minute at the checkpoint of this site's ledger, and at what this site's witness cosigned of the others'; a core looks at every
/// site's, and compares with what that site's own monitor saw. A ledger that shows two histories of one size is told as an error, once, and both signed checkpoints are kept: they are the proof, and as long
/// as they are there, the ledger counts as one that lies.</summary>
internal sealed partial class LedgerWatch(MeshDirectory directory, FleetBoard board, AppClients apps, EvidenceFiles evidence, TimeProvider clock, ILogger<LedgerWatch> logger) : BackgroundService
{
    private const string Ledger = "ledger";
    private const string Path = "ledger/checkpoint";

    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan AfterStart = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly CheckpointMemory _memory = new();

    // By log: what the disk did not take yet.
    private readonly Dictionary<string, SplitView> _unkept = new(StringComparer.Ordinal);
    private readonly ImmutableDictionary<string, VerifierKey> _keys = directory.Sites
        .Select(s => (s.Name, Key: VerifierKey.TryParse(s.LedgerKey, out var key) ? key : null)).Where(s => s.Key is not null).ToImmutableDictionary(s => s.Name, s => s.Key!, StringComparer.Ordinal);

    private volatile string? _own;
    private int _damaged;
    private ImmutableSortedDictionary<string, SeenCheckpoint> _latest = ImmutableSortedDictionary<string, SeenCheckpoint>.Empty;
    private IReadOnlyList<SplitLedger> _splits = [];

    /// <summary>The last checkpoint of this site's ledger, for its cores; null: none was seen, or it is too long for a report.</summary>
    public string? Own => _own;

    /// <summary>The last checkpoint of each site's ledger that was seen from here.</summary>
    public IReadOnlyDictionary<string, SeenCheckpoint> Latest => Volatile.Read(ref _latest);

    /// <summary>Ledgers that showed two histories, by site. One leaves this list when somebody takes its proof out of the folder.</summary>
    public IReadOnlyList<SplitLedger> Splits => Volatile.Read(ref _splits);

    /// <summary>One look at all that can be seen from here.</summary>
    public async Task LookAsync(CancellationToken cancellation)
    {
        foreach (var split in _unkept.Values.ToArray())
        {
            IsNews(split);
        }

        foreach (var (site, key) in _keys)
        {
            if (site != directory.Self && await WitnessQuery.ReadAsync(apps, site, cancellation) is { } witnessed)
            {
                Take(witnessed, key);
            }

            if (site != directory.Self && !board.IsCore)
            {
                continue;
            }

            var note = await ReadAsync(site, cancellation);
            if (note is not null && SeenCheckpoint.Open(note, key, directory.Self) is { } seen)
            {
                Take(seen);
                Volatile.Write(ref _latest, _latest.SetItem(site, seen));
                _own = site != directory.Self ? _own : seen.Note.Length <= ReportLimits.LongestCheckpoint ? seen.Note : null;
            }

            if (site != directory.Self && board.Find(site)?.Report?.Checkpoint is { } told && SeenCheckpoint.Open(System.Text.Encoding.UTF8.GetBytes(told), key, site) is { } theirs)
            {
                Take(theirs);
            }
        }

        FindSplits();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, clock);
        // What is proven is known at once, before anybody is asked: nobody shall hear an all-clear because of a restart.
        FindSplits();
        try
        {
            await Task.Delay(AfterStart, clock, stoppingToken);
            do
            {
                await LookAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops.
        }
    }

    /// <summary>What the witness keeps outlives a restart, which this memory does not.</summary>
    private void Take(WitnessedNotes witnessed, VerifierKey log)
    {
        foreach (var note in new[] { witnessed.Checkpoint, witnessed.Other }.OfType<string>())
        {
            if (SeenCheckpoint.Open(System.Text.Encoding.UTF8.GetBytes(note), log, $"the witness of {directory.Self}") is { } seen)
            {
                Take(seen);
            }
        }
    }

    private void Take(SeenCheckpoint checkpoint)
    {
        if (_memory.Take(checkpoint) is { } split && IsNews(split))
        {
            LogSplit(split.One.Log, split.One.Size, split.One.Root, split.One.SeenBy, split.Other.Root, split.Other.SeenBy, evidence.Folder);
        }
    }

    private VerifierKey Key(SplitView split) => _keys.Values.First(k => k.Name == split.One.Log);

    /// <summary>Keeps it; whether nobody was told yet.</summary>
    private bool IsNews(SplitView split)
    {
        try
        {
            return evidence.Keep(split, Key(split)) & !_unkept.Remove(split.One.Log);
        }
        catch (Exception error) when (StoreFaults.Is(error))
        {
            // That it can't be kept is no reason not to tell it.
            LogNotKept(error.Message);
            return _unkept.TryAdd(split.One.Log, split);
        }
    }

    private void FindSplits()
    {
        try
        {
            var kept = evidence.Read();
            var proven = kept.Select(pair => SplitView.Open(pair.One, pair.Other, pair.Log)).ToArray();
            if (proven.Count(p => p is null) is > 0 and var damaged && damaged != _damaged)
            {
                LogNoProof(evidence.Folder, damaged);
            }

            _damaged = proven.Count(p => p is null);
            Volatile.Write(ref _splits, [.. proven.OfType<SplitView>().Concat(_unkept.Values).GroupBy(s => s.One.Log).Select(log => new SplitLedger(
                SiteOf(log.Key), log.Key, [.. log.Select(s => s.One.Size).Distinct().Order()]))]);
        }
        catch (Exception error) when (StoreFaults.Is(error))
        {
            // What was known stands until the disk answers.
            LogNotRead(error.Message);
        }
    }

    /// <summary>Also of a log whose key the directory does not list any more.</summary>
    private string SiteOf(string log) =>
        directory.Sites.FirstOrDefault(s => LedgerKey.OriginOf(s.Name) == log || (_keys.TryGetValue(s.Name, out var key) && key.Name == log))?.Name ?? log;

    /// <summary>Null: it does not answer. The next look asks again.</summary>
    private async Task<byte[]?> ReadAsync(string site, CancellationToken cancellation)
    {
        var isOwn = site == directory.Self;
        try
        {
            using var client = apps.Get(isOwn ? Ledger : "gateway", Limit);
            client.MaxResponseContentBufferSize = SignedNote.MaxLength;
            return await client.GetByteArrayAsync(isOwn ? Path : $"mesh/{site}/mesh/{Path}", cancellation);
        }
        catch (Exception error) when (error is HttpRequestException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return null;
        }
    }

    [LoggerMessage(LogLevel.Warning, "The two checkpoints could not be kept: {Reason}")]
    private partial void LogNotKept(string reason);

    [LoggerMessage(LogLevel.Warning, "Of the proofs of split views in {Folder}, {Count} can't be checked: their files are damaged, or not of one log")]
    private partial void LogNoProof(string folder, int count);

    [LoggerMessage(LogLevel.Warning, "The kept checkpoints of split views could not be read: {Reason}")]
    private partial void LogNotRead(string reason);

    [LoggerMessage(LogLevel.Error, "Split view of log {Log}: at size {Size} it shows root {One} to {OneReader} and {Other} to {OtherReader}, both signed; they are kept in {Folder}")]
    private partial void LogSplit(string log, long size, LogHash one, string oneReader, LogHash other, string otherReader, string folder);
}
