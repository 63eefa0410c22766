using System.Collections.Immutable;
using EdgeMesh.Replication.Feeds;

namespace EdgeMesh.Replication.Tests;

/// <summary>A site with a journal whose sharing a test decides.</summary>
internal sealed class FeedSite : IAsyncDisposable, ISharePolicy
{
    private readonly Queue<ShareChange> _next = [];

    private FeedSite(string name) => Name = new JournalName(name, "records", JournalName.Changes);

    public JournalName Name { get; }

    public Journal Journal { get; private set; } = null!;

    public MemoryJournalStore Store { get; } = new();

    public List<ForeignAlert> Alerts { get; } = [];

    /// <summary>Peers that may hold whatever is written from now on.</summary>
    public ImmutableArray<Holder> Holders { get; set; } = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<FeedSite> OpenAsync(string name)
    {
        var site = new FeedSite(name);
        await site.ReopenAsync();
        return site;
    }

    public static Holder HolderAt(string peer) => new(peer, $"consent-{peer}", new byte[] { 7, 7 });

    public static DocumentKey Key(string id) => TestJournal.Key(id);

    public async Task ReopenAsync()
    {
        if (Journal is not null)
        {
            await Journal.DisposeAsync();
        }

        Journal = await TestJournal.OpenAsync(Store, TestJournal.Options with { SharePolicy = this, OnAlert = Alerts.Add }, Name);
    }

    public ValueTask<SharePlan> PlanAsync(Commit commit, CommitContext context, CancellationToken cancellation)
    {
        var plan = new SharePlan([.. commit.Changes.Select(_ => Holders)], [.. _next]);
        _next.Clear();
        return ValueTask.FromResult(plan);
    }

    public Task GrantAsync(string peer, params string[] ids) => ShareAsync(new ShareChange
    {
        Peer = peer, ConsentVersion = "consent-1", Granted = [.. ids.Select(id => new SharedDocument(Key(id), null, new byte[] { 9 }))],
    });

    public Task WithdrawAsync(string peer, params string[] ids) => ShareAsync(new ShareChange
    {
        Peer = peer, ConsentVersion = "consent-2", Withdrawn = [.. ids.Select(Key)],
    });

    public async Task ShareAsync(ShareChange change)
    {
        _next.Enqueue(change);
        Assert.IsType<CommitResult.Committed>(await Journal.CommitAsync(new Commit { Events = [new byte[] { 1 }] }, Cancel));
    }

    /// <summary>Applies all that another site shares with this one, page by page; returns the pages.</summary>
    public async Task<List<Wire.FeedPage>> PullAsync(FeedSite from)
    {
        var pages = new List<Wire.FeedPage>();
        while (true)
        {
            var cursor = await Journal.Core.FeedAsync(from.Name, Cancel);
            var page = await new FeedServer(from.Journal).ReadAsync(Name.Site, FeedMode.Shared, cursor, Cancel);
            pages.Add(page);
            await Journal.ApplyAsync(from.Name, cursor, page, Cancel);
            if (page.AtHead)
            {
                return pages;
            }
        }
    }

    public ValueTask DisposeAsync() => Journal.DisposeAsync();
}
