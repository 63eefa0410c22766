using EdgeMesh.Hosting;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Functions.Triggers.Changes;

/// <summary>Follows the change journal of this site's records while any function wants changes. The position is stored after the functions
/// had a stretch, so a crash repeats one, under the same idempotency keys. A function begins with what is written after it came.</summary>
internal sealed class RecordChanges(IJournalStore store, SiteIdentity identity, AppClients apps, TimeProvider clock, ILogger<RecordChanges> logger) : IFollower, IAsyncDisposable
{
    private const string Owner = "records";
    private static readonly TimeSpan PageLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly JournalName _journal = new(identity.Site, Owner, JournalName.Changes);
    private volatile IReadOnlyList<ChangesSource> _sources = [];
    private FollowerPuller? _puller;
    private bool _hasBegun;

    public string Name => "functions";

    private FollowerPosition Stored => new(store, _journal, Name);

    public bool Reads(string collection) => false;

    /// <summary>Takes other functions' wishes in the place of those before, and follows the journal once there are any. Those that begin together come
    /// together, or the first would get alone what has come meanwhile. Waits for nothing.</summary>
    public void Follow(IReadOnlyList<ChangesSource> sources)
    {
        _sources = sources;
        if (_puller is null && sources.Count > 0)
        {
            _puller = new FollowerPuller(_journal, this, apps.Get(Owner, PageLimit), clock, logger);
            _puller.Start();
        }
    }

    public ValueTask<Position> GetPositionAsync(CancellationToken cancellation) => Stored.GetAsync(cancellation);

    /// <summary>One that takes another's place meanwhile gets the page from its beginning, under the same keys: neither may have seen all of it.</summary>
    public async ValueTask ApplyAsync(JournalPage page, CancellationToken cancellation)
    {
        await BeginAsync(page, cancellation);
        var given = new HashSet<ChangesSource>();
        while (_sources.Where(s => !given.Contains(s)).ToArray() is { Length: > 0 } due)
        {
            await Task.WhenAll(due.Select(s => GiveAsync(page, s, cancellation)));
            given.UnionWith(due);
        }

        await Stored.SaveAsync(page.Next, cancellation);
    }

    /// <summary>A journal that was empty when the functions came is theirs from its first record on: stored before they get it, or after a crash in this page
    /// they would be taken for new, and begin behind it.</summary>
    private async Task BeginAsync(JournalPage page, CancellationToken cancellation)
    {
        if (!_hasBegun && page.Records is [var first, ..] && await Stored.GetAsync(cancellation) == Position.Start)
        {
            await Stored.SaveAsync(new Position(first.At.Epoch, 0, 0), cancellation);
        }

        _hasBegun = true;
    }

    /// <summary>In the order in which they were written, each once the one before is done with or parked.</summary>
    private async Task GiveAsync(JournalPage page, ChangesSource source, CancellationToken cancellation)
    {
        foreach (var record in page.Records.Where(r => r is { Kind: RecordKind.Changed or RecordKind.Applied, Document: not null } && source.Wants(r.Document)))
        {
            for (var pause = FirstPause; IsAlive() && !await source.TakeAsync(record.Document!, record.Trace, _sources.Count > 1, cancellation); pause = Min(pause * 2, LongestPause))
            {
                // The function is busy, or can't be read: the journal waits, it forgets nothing.
                await Task.Delay(pause, clock, cancellation);
            }
        }

        bool IsAlive() => _sources.Contains(source);
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    public ValueTask DisposeAsync() => _puller?.DisposeAsync() ?? ValueTask.CompletedTask;
}
