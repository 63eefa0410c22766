using System.Collections.Concurrent;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Functions.Triggers.Changes;

/// <summary>Follows the change journal of this site's records while any function wants changes. The position is stored after the functions
/// had a stretch, so a crash repeats one, under the same idempotency keys. A function begins with what is written after it came.</summary>
internal sealed partial class RecordChanges(IJournalStore store, SiteIdentity identity, AppClients apps, TimeProvider clock, ILogger<RecordChanges> logger) : IFollower, IAsyncDisposable
{
    private const string Owner = "records";
    private static readonly TimeSpan PageLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ChangePause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<ChangesSource, bool> _sources = new();
    private readonly JournalName _journal = new(identity.Site, Owner, JournalName.Changes);
    private FollowerPuller? _puller;

    /// <summary>Odd while sources are replaced.</summary>
    private int _version;

    public string Name => "functions";

    private FollowerPosition Stored => new(store, _journal, Name);

    public bool Reads(string collection) => false;

    public void Add(ChangesSource source) => _sources[source] = true;

    /// <summary>Follows the journal from now on, once anybody wants changes: by then all that begin together must have been added, or the first would get
    /// alone what has come meanwhile.</summary>
    public void Start()
    {
        if (_puller is null && !_sources.IsEmpty)
        {
            _puller = new FollowerPuller(_journal, this, apps.Get(Owner, PageLimit), clock, logger);
            _puller.Start();
        }
    }

    /// <summary>A function's sources are about to be replaced. Until <see cref="EndChange"/> no page counts as given to all.</summary>
    public void BeginChange() => Interlocked.Increment(ref _version);

    public void EndChange() => Interlocked.Increment(ref _version);

    public void Remove(string function)
    {
        foreach (var source in _sources.Keys.Where(s => s.Function == function))
        {
            _sources.TryRemove(source, out _);
        }
    }

    public ValueTask<Position> GetPositionAsync(CancellationToken cancellation) => Stored.GetAsync(cancellation);

    /// <summary>A page is given anew, under the same keys, when sources were replaced meanwhile: neither the old nor the new may have seen it.</summary>
    public async ValueTask ApplyAsync(JournalPage page, CancellationToken cancellation)
    {
        int seen;
        do
        {
            while (int.IsOddInteger(seen = Volatile.Read(ref _version)))
            {
                await Task.Delay(ChangePause, clock, cancellation);
            }

            await GiveAsync(page, cancellation);
        }
        while (seen != Volatile.Read(ref _version));

        await Stored.SaveAsync(page.Next, cancellation);
    }

    private async Task GiveAsync(JournalPage page, CancellationToken cancellation)
    {
        foreach (var record in page.Records.Where(r => r is { Kind: RecordKind.Changed or RecordKind.Applied, Document: not null }))
        {
            foreach (var source in _sources.Keys.Where(s => s.Wants(record.Document!)))
            {
                for (var pause = FirstPause; _sources.ContainsKey(source) && !await source.TakeAsync(record.Document!, record.Trace, cancellation); pause = Min(pause * 2, LongestPause))
                {
                    // The function is busy, or can't be read: the journal waits, it forgets nothing.
                    await Task.Delay(pause, clock, cancellation);
                }
            }
        }
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    public ValueTask DisposeAsync() => _puller?.DisposeAsync() ?? ValueTask.CompletedTask;
}
