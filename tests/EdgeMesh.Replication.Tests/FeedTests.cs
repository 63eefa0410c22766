using System.Collections.Immutable;
using System.Net;
using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Replication.Tests;

public sealed class FeedTests
{
    private static readonly JournalName There = new("clinic-b", "records", JournalName.Changes);

    private readonly Switchable _policy = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Shared_GrantThenRevokeThenGrant_TheCopyComesGoesAndComes()
    {
        await using var origin = await Journals.OpenAsync(new MemoryJournalStore(), new JournalOptions { SharePolicy = _policy });
        await using var peer = await Journals.OpenAsync(new MemoryJournalStore(), name: There);
        await origin.CommittedAsync(Journals.Put(Journals.Key(1), "secret"));
        await PullAsync(origin, peer);
        Assert.Null(await peer.GetAsync(Journals.Key(1), Cancellation));

        await ShareAsync(origin, granted: true);
        await PullAsync(origin, peer);
        var copy = await peer.GetAsync(Journals.Key(1), Cancellation);
        Assert.Equal(("secret", "consent-1", "clinic-a"), (copy.Text(), copy!.HeldUnder, copy.OwnerSite));

        await ShareAsync(origin, granted: false);
        await PullAsync(origin, peer);
        Assert.Null(await peer.GetAsync(Journals.Key(1), Cancellation));
        Assert.Contains(await peer.AllAsync(), r => r.Kind == RecordKind.Withdrawn && r.WithdrawnKey == Journals.Key(1));

        await ShareAsync(origin, granted: true);
        await PullAsync(origin, peer);
        Assert.Equal("secret", (await peer.GetAsync(Journals.Key(1), Cancellation)).Text());
    }

    [Fact]
    public async Task Shared_AllFiltered_ThePositionMovesPast()
    {
        await using var origin = await Journals.OpenAsync(new MemoryJournalStore());
        await origin.CommittedAsync(Journals.Put(Journals.Key(1), "mine"));
        var page = await new FeedServer(origin).ReadAsync("clinic-b", FeedMode.Shared, Position.Start, Cancellation);
        Assert.Empty(page.Records);
        Assert.Equal(origin.Head.ToString(), page.UpTo);
    }

    [Fact]
    public async Task Shared_WithdrawnLater_AnOlderRecordIsNotSent()
    {
        _policy.Holders = [new Holder("clinic-b", "consent-1", new byte[] { 7 })];
        await using var origin = await Journals.OpenAsync(new MemoryJournalStore(), new JournalOptions { SharePolicy = _policy });
        await origin.CommittedAsync(Journals.Put(Journals.Key(1), "secret"));
        await ShareAsync(origin, granted: false);
        var page = await new FeedServer(origin).ReadAsync("clinic-b", FeedMode.Shared, Position.Start, Cancellation);
        Assert.DoesNotContain(page.Records, r => r.Record.Document is not null);
    }

    [Fact]
    public async Task Apply_TheSamePageTwice_ChangesNothing()
    {
        _policy.Holders = [new Holder("clinic-b", "consent-1", new byte[] { 7 })];
        await using var origin = await Journals.OpenAsync(new MemoryJournalStore(), new JournalOptions { SharePolicy = _policy });
        await using var peer = await Journals.OpenAsync(new MemoryJournalStore(), name: There);
        await origin.CommittedAsync(Journals.Put(Journals.Key(1), "secret"));
        var page = await new FeedServer(origin).ReadAsync("clinic-b", FeedMode.Shared, Position.Start, Cancellation);
        Assert.True(await peer.ApplyAsync(Journals.Name, page));
        var head = peer.Head;
        Assert.False(await peer.ApplyAsync(Journals.Name, page));
        Assert.Equal(head, peer.Head);
        Assert.Equal(new byte[] { 7 }, (await peer.AllAsync())[0].WrappedKey.ToArray());
    }

    [Fact]
    public async Task Apply_ConcurrentEdits_BecomeSiblings_AndAMergeDescendsFromBoth()
    {
        await using var local = await Journals.OpenAsync(new MemoryJournalStore(), name: There);
        var ancestor = VersionVector.Of([("clinic-a", 1, 1)]);
        await local.ApplyAsync(Journals.Name, Page(1, "ancestor", ancestor));
        await local.CommittedAsync(Journals.Put(Journals.Key(1), "ours", ancestor));
        await local.ApplyAsync(Journals.Name, Page(2, "theirs", ancestor.With("clinic-a", 1, 2)));
        var both = await local.GetAsync(Journals.Key(1), Cancellation);
        Assert.Single(both!.Siblings);
        await local.CommittedAsync(Journals.Put(Journals.Key(1), "merged", both.Vector));
        var merged = await local.GetAsync(Journals.Key(1), Cancellation);
        Assert.Empty(merged!.Siblings);
        Assert.Equal("merged", merged.Text());
    }

    [Fact]
    public async Task Apply_UnrelatedDocumentWithTheSameKey_IsRefusedAndTold()
    {
        var told = new List<DocumentKey>();
        await using var local = await Journals.OpenAsync(new MemoryJournalStore(), new JournalOptions { OnUnrelated = (key, _) => told.Add(key) }, There);
        await local.CommittedAsync(Journals.Put(Journals.Key(1), "ours"));
        await local.ApplyAsync(Journals.Name, Page(1, "theirs", VersionVector.Of([("clinic-a", 1, 1)])));
        Assert.Equal([Journals.Key(1)], told);
        Assert.Equal("ours", (await local.GetAsync(Journals.Key(1), Cancellation)).Text());
    }

    [Fact]
    public async Task Mirror_AfterOutagesAndRestarts_HoldsEveryRecordOnceUnderTheOriginsPositions()
    {
        await using var origin = await Journals.OpenAsync(new MemoryJournalStore());
        var store = new MemoryJournalStore();
        for (var i = 0; i < 30; i++)
        {
            await origin.CommittedAsync(Journals.Put(Journals.Key(i), $"body {i}"));
            if (i % 7 == 0)
            {
                await MirrorAsync(origin, store);
            }
        }

        await MirrorAsync(origin, store);
        await MirrorAsync(origin, store);
        var mirror = new Mirror("core", Journals.Name, store);
        var state = await mirror.StateAsync(Cancellation);
        var records = new List<JournalRecord>();
        for (var page = 0; page < state.Pages; page++)
        {
            records.AddRange(await mirror.ReadAsync(page, Cancellation));
        }

        var original = await origin.AllAsync();
        Assert.Equal(original.Select(r => (r.At, r.Document.Text())), records.Select(r => (r.At, r.Document.Text())));
        Assert.Equal((30, origin.Head), ((int)state.Records, state.Position));
    }

    [Fact]
    public async Task Puller_TheLinkIsCutAndComesBack_CatchesUpOnWake()
    {
        _policy.Holders = [new Holder("clinic-b", "consent-1", new byte[] { 7 })];
        await using var origin = await Journals.OpenAsync(new MemoryJournalStore(), new JournalOptions { SharePolicy = _policy });
        await using var peer = await Journals.OpenAsync(new MemoryJournalStore(), name: There);
        using var link = new Link(origin) { IsCut = true };
        using var client = new HttpClient(link) { BaseAddress = new Uri("http://gateway/") };
        await using var puller = new SharedPuller(peer, Journals.Name, client, TimeProvider.System, NullLogger.Instance);
        puller.Start();
        await origin.CommittedAsync(Journals.Put(Journals.Key(1), "late"));
        await link.Asked.Task.WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
        link.IsCut = false;
        puller.Wake();
        await peer.WaitAsync(Position.Start, Cancellation).WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
        Assert.Equal("late", (await peer.GetAsync(Journals.Key(1), Cancellation)).Text());
    }

    private static async Task PullAsync(Journal origin, Journal peer)
    {
        var page = await new FeedServer(origin).ReadAsync("clinic-b", FeedMode.Shared, await peer.FeedPositionAsync(Journals.Name, Cancellation), Cancellation);
        await peer.ApplyAsync(Journals.Name, page);
    }

    private static async Task MirrorAsync(Journal origin, MemoryJournalStore store)
    {
        var mirror = new Mirror("core", Journals.Name, store);
        var page = await new FeedServer(origin).ReadAsync("core", FeedMode.Mirror, (await mirror.StateAsync(Cancellation)).Position, Cancellation);
        if (page.Records.Count > 0)
        {
            await mirror.AppendAsync(page, Cancellation);
        }
    }

    private async Task ShareAsync(Journal origin, bool granted)
    {
        var current = await origin.GetAsync(Journals.Key(1), Cancellation);
        _policy.Next = new ShareChange
        {
            Peer = "clinic-b",
            ConsentVersion = "consent-1",
            Granted = granted ? [new SharedDocument(Journals.Key(1), current!.Version, new byte[] { 7 })] : [],
            Withdrawn = granted ? [] : [Journals.Key(1)],
        };
        await origin.CommittedAsync(new Commit { Events = [new byte[1]] });
    }

    private static Wire.FeedPage Page(int number, string body, VersionVector vector)
    {
        var position = new Position(1, number, 0);
        var version = new Wire.DocumentVersion
        {
            Key = Codec.ToWire(Journals.Key(1)),
            Version = new VersionId("clinic-a", position).ToString(),
            Vector = Codec.ToWire(vector),
            Body = ByteString.CopyFrom(Encoding.UTF8.GetBytes(body)),
            OwnerSite = "clinic-a",
        };
        return new Wire.FeedPage { Format = 1, UpTo = position.ToString(), Records = { new Wire.FeedRecord { At = position.ToString(), Record = new Wire.Record { Document = version } } } };
    }

    private sealed class Switchable : ISharePolicy
    {
        public ImmutableArray<Holder> Holders { get; set; } = [];

        public ShareChange? Next { get; set; }

        public ValueTask<SharePlan> PlanAsync(Commit commit, CommitContext context, CancellationToken cancellation)
        {
            var plan = new SharePlan([.. commit.Changes.Select(_ => Holders)], Next is null ? [] : [Next]);
            Next = null;
            return ValueTask.FromResult(plan);
        }
    }

    /// <summary>A link that can be cut.</summary>
    private sealed class Link(Journal origin) : HttpMessageHandler
    {
        public bool IsCut { get; set; }

        public TaskCompletionSource Asked { get; } = new();

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asked.TrySetResult();
            if (IsCut)
            {
                throw new HttpRequestException("cut");
            }

            var after = System.Web.HttpUtility.ParseQueryString(request.RequestUri!.Query)["after"];
            var page = await new FeedServer(origin).ReadAsync("clinic-b", FeedMode.Shared, Codec.ReadPosition(after!), cancellationToken);
            return new HttpResponseMessage(HttpStatusCode.OK) { Content = new ByteArrayContent(page.ToByteArray()) };
        }
    }
}
