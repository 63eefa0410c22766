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
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<ChangesSource, bool> _sources = new();
    private readonly JournalName _journal = new(identity.Site, Owner, JournalName.Changes);
    private readonly Lock _gate = new();
    private FollowerPuller? _puller;

    public string Name => "functions";

    private FollowerPosition Stored => new(store, _journal, Name);

    public bool Reads(string collection) => false;

    public void Add(ChangesSource source)
    {
        _sources[source] = true;
        lock (_gate)
        {
            if (_puller is null)
            {
                _puller = new FollowerPuller(_journal, this, apps.Get(Owner, PageLimit), clock, logger);
                _puller.Start();
            }
        }
    }

    public void Remove(string function)
    {
        foreach (var source in _sources.Keys.Where(s => s.Function == function))
        {
            _sources.TryRemove(source, out _);
        }
    }

    public ValueTask<Position> GetPositionAsync(CancellationToken cancellation) => Stored.GetAsync(cancellation);

    public async ValueTask ApplyAsync(JournalPage page, CancellationToken cancellation)
    {
        foreach (var record in page.Records.Where(r => r is { Kind: RecordKind.Changed or RecordKind.Applied, Document: not null }))
        {
            foreach (var source in _sources.Keys.Where(s => s.Wants(record.Document!)))
            {
                for (var pause = FirstPause; !await source.TakeAsync(record.Document!, record.Trace, cancellation); pause = Min(pause * 2, LongestPause))
                {
                    // The function is busy, or can't be read: the journal waits, it forgets nothing.
                    await Task.Delay(pause, clock, cancellation);
                }
            }
        }

        await Stored.SaveAsync(page.Next, cancellation);
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;

    public ValueTask DisposeAsync() => _puller?.DisposeAsync() ?? ValueTask.CompletedTask;
}
