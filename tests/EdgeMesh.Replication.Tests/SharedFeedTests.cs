using EdgeMesh.Replication.Feeds;
using Google.Protobuf;
using static EdgeMesh.Replication.Tests.TestJournal;

namespace EdgeMesh.Replication.Tests;

public sealed class SharedFeedTests : IAsyncLifetime
{
    private FeedSite _a = null!;
    private FeedSite _b = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => (_a, _b) = (await FeedSite.OpenAsync("clinic-a"), await FeedSite.OpenAsync("clinic-b"));

    public async ValueTask DisposeAsync()
    {
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task Pull_NotShared_MovesThePositionAndNothingElse()
    {
        await _a.Journal.WriteAsync(Create("clinic-a-1"));

        var page = Assert.Single(await _b.PullAsync(_a));

        Assert.Empty(page.Records);
        Assert.Equal(_a.Journal.Head.ToString(), page.UpTo);
        Assert.Equal(Position.Start, _b.Journal.Head);
        Assert.Equal(_a.Journal.Head, (await _b.Journal.Core.FeedAsync(_a.Name, Cancel)).At);
    }

    [Fact]
    public async Task Pull_SharedVersion_IsHeldUnderItsConsentAndKeepsItsIdentity()
    {
        _a.Holders = [FeedSite.HolderAt("clinic-b"), FeedSite.HolderAt("core")];
        var origin = (await _a.Journal.WriteAsync(new Change(Key("clinic-a-1"), null, Bytes("body")) { Labels = ["N"] })).Documents[0];

        await _b.PullAsync(_a);

        var copy = (await _b.Journal.GetAsync(origin.Key, Cancel))!;
        Assert.Equal((origin.Version, origin.RecordedAt, "clinic-a", "consent-clinic-b"), (copy.Version, copy.RecordedAt, copy.OwnerSite, copy.HeldUnder));
        Assert.Equal(origin.Vector, copy.Vector);
        Assert.Equal("body", Text(copy.Body));
        Assert.Equal(["N"], copy.Labels.AsEnumerable());
        var record = Assert.Single(await _b.Journal.ReadAllAsync());
        Assert.Equal((RecordKind.Applied, 2), (record.Kind, record.WrappedKey.Length));
    }

    [Fact]
    public async Task Pull_GrantRevokeGrant_CopyComesGoesAndComes()
    {
        await _a.Journal.WriteAsync(Create("clinic-a-1", "secret"));
        await _b.PullAsync(_a);
        Assert.Null(await _b.Journal.BodyAsync("clinic-a-1"));

        await _a.GrantAsync("clinic-b", "clinic-a-1");
        await _b.PullAsync(_a);
        Assert.Equal("secret", await _b.Journal.BodyAsync("clinic-a-1"));
        var body = Assert.Single(_b.Store.BodyKeys, k => k.Contains("/body/", StringComparison.Ordinal));

        await _a.WithdrawAsync("clinic-b", "clinic-a-1");
        await _b.PullAsync(_a);
        Assert.Null(await _b.Journal.GetAsync(Key("clinic-a-1"), Cancel));
        Assert.Empty(await _b.Journal.GetHistoryAsync(Key("clinic-a-1"), 10, Cancel));
        await _b.ReopenAsync();
        Assert.DoesNotContain(body, _b.Store.BodyKeys);
        var records = await _b.Journal.ReadAllAsync();
        Assert.Equal([RecordKind.Applied, RecordKind.Withdrawn], records.Select(r => r.Kind));
        Assert.True(records[0].Document!.BodyMissing);
        Assert.Equal(Key("clinic-a-1"), records[1].WithdrawnKey);

        await _a.GrantAsync("clinic-b", "clinic-a-1");
        await _b.PullAsync(_a);
        Assert.Equal("secret", await _b.Journal.BodyAsync("clinic-a-1"));
        Assert.Single(await _b.Journal.GetHistoryAsync(Key("clinic-a-1"), 10, Cancel));
    }

    [Fact]
    public async Task Pull_WithdrawnBeforeItWasPulled_IsNeverSent()
    {
        _a.Holders = [FeedSite.HolderAt("clinic-b")];
        await _a.Journal.WriteAsync(Create("clinic-a-1", "secret"));
        await _a.WithdrawAsync("clinic-b", "clinic-a-1");

        var page = Assert.Single(await _b.PullAsync(_a));

        Assert.DoesNotContain(page.Records, r => r.Record?.Document is not null);
        Assert.Empty(await _b.Journal.ReadAllAsync());
    }

    [Fact]
    public async Task Pull_WithdrawnAndGrantedAgain_SendsNothingOfTheTimeBefore()
    {
        _a.Holders = [FeedSite.HolderAt("clinic-b")];
        var first = (await _a.Journal.WriteAsync(Create("clinic-a-1", "before"))).Documents[0];
        await _a.WithdrawAsync("clinic-b", "clinic-a-1");
        _a.Holders = [];
        await _a.Journal.WriteAsync(Update(first, "after"));
        await _a.GrantAsync("clinic-b", "clinic-a-1");

        await _b.PullAsync(_a);

        Assert.Equal(["after"], (await _b.Journal.GetHistoryAsync(Key("clinic-a-1"), 10, Cancel)).Select(d => Text(d.Body)));
    }

    [Fact]
    public async Task Pull_GrantThenUpdate_SendsBothInOrder()
    {
        var document = (await _a.Journal.WriteAsync(Create("clinic-a-1", "one"))).Documents[0];
        await _a.GrantAsync("clinic-b", "clinic-a-1");
        _a.Holders = [FeedSite.HolderAt("clinic-b")];
        await _a.Journal.WriteAsync(Update(document, "two"));

        await _b.PullAsync(_a);

        Assert.Equal(["two", "one"], (await _b.Journal.GetHistoryAsync(document.Key, 10, Cancel)).Select(d => Text(d.Body)));
    }

    [Fact]
    public async Task Pull_GrantedAgainUnderAnotherConsent_TheCopyNamesIt()
    {
        _a.Holders = [FeedSite.HolderAt("clinic-b")];
        await _a.Journal.WriteAsync(Create("clinic-a-1"));
        await _b.PullAsync(_a);
        await _a.GrantAsync("clinic-b", "clinic-a-1");
        await _b.PullAsync(_a);

        Assert.Equal("consent-1", (await _b.Journal.GetAsync(Key("clinic-a-1"), Cancel))!.HeldUnder);
        Assert.Single(await _b.Journal.GetHistoryAsync(Key("clinic-a-1"), 10, Cancel));
    }

    [Fact]
    public async Task Pull_TwoThousandGrantedAtOnce_ComesInPagesOfOneMebibyteAndSurvivesLostAnswers()
    {
        var ids = Enumerable.Range(0, 2_000).Select(i => $"clinic-a-{i}").ToArray();
        var body = new string('x', 1_500);
        await _a.Journal.WriteAsync([.. ids.Select(id => Create(id, body + id))]);
        await _a.GrantAsync("clinic-b", ids);

        // Every answer is lost once: the same page comes again.
        var pages = 0;
        while (true)
        {
            var cursor = await _b.Journal.Core.FeedAsync(_a.Name, Cancel);
            var server = new FeedServer(_a.Journal);
            await server.ReadAsync("clinic-b", FeedMode.Shared, cursor, Cancel);
            var page = await server.ReadAsync("clinic-b", FeedMode.Shared, cursor, Cancel);
            Assert.InRange(page.CalculateSize(), 1, 1024 * 1024);
            Assert.True(await _b.Journal.ApplyAsync(_a.Name, cursor, page, Cancel));
            Assert.False(await _b.Journal.ApplyAsync(_a.Name, cursor, page, Cancel));
            pages++;
            if (page.AtHead)
            {
                break;
            }
        }

        Assert.InRange(pages, 3, 10);
        var copies = await _b.Journal.GetManyAsync([.. ids.Select(FeedSite.Key)], Cancel);
        Assert.Equal(ids.Select(id => body + id), copies.Select(c => Text(c!.Body)));
        Assert.Equal(2_000, (await _b.Journal.ReadAllAsync()).Count);
    }

    [Fact]
    public async Task Pull_CrashAfterEachPage_AppliesEachVersionOnce()
    {
        _a.Holders = [FeedSite.HolderAt("clinic-b")];
        for (var i = 0; i < 5; i++)
        {
            await _a.Journal.WriteAsync(Create($"clinic-a-{i}"));
            await _b.PullAsync(_a);
            await _b.ReopenAsync();
        }

        Assert.Equal(5, (await _b.Journal.ReadAllAsync()).Count);
    }

    [Fact]
    public async Task Pull_BothWays_ComesToRest()
    {
        (_a.Holders, _b.Holders) = ([FeedSite.HolderAt("clinic-b")], [FeedSite.HolderAt("clinic-a")]);
        await _a.Journal.WriteAsync(Create("clinic-a-1"));
        await _b.Journal.WriteAsync(Create("clinic-b-1"));
        await _a.PullAsync(_b);
        await _b.PullAsync(_a);
        var heads = (_a.Journal.Head, _b.Journal.Head);

        for (var i = 0; i < 3; i++)
        {
            await _a.PullAsync(_b);
            await _b.PullAsync(_a);
        }

        Assert.Equal(heads, (_a.Journal.Head, _b.Journal.Head));
    }

    [Fact]
    public async Task Pull_EditOfACopy_FastForwardsTheOwner()
    {
        _a.Holders = [FeedSite.HolderAt("clinic-b")];
        await _a.Journal.WriteAsync(Create("clinic-a-1", "one"));
        await _b.PullAsync(_a);
        _b.Holders = [FeedSite.HolderAt("clinic-a")];
        var copy = (await _b.Journal.GetAsync(Key("clinic-a-1"), Cancel))!;
        await _b.Journal.WriteAsync(Update(copy, "edited at b"));

        await _a.PullAsync(_b);

        var document = (await _a.Journal.GetAsync(copy.Key, Cancel))!;
        Assert.Equal(("edited at b", "clinic-a", (string?)null), (Text(document.Body), document.OwnerSite, document.HeldUnder));
        Assert.Empty(document.Siblings);
        Assert.Equal("clinic-b", document.Version.Site);
    }

    [Fact]
    public async Task Pull_ConcurrentEdits_AreSiblingsAtBothUntilOneMerges()
    {
        (_a.Holders, _b.Holders) = ([FeedSite.HolderAt("clinic-b")], [FeedSite.HolderAt("clinic-a")]);
        var first = (await _a.Journal.WriteAsync(Create("clinic-a-1", "one"))).Documents[0];
        await _b.PullAsync(_a);
        await _a.Journal.WriteAsync(Update(first, "at a"));
        await _b.Journal.WriteAsync(Update((await _b.Journal.GetAsync(first.Key, Cancel))!, "at b"));

        await _b.PullAsync(_a);
        await _a.PullAsync(_b);

        var (atA, atB) = ((await _a.Journal.GetAsync(first.Key, Cancel))!, (await _b.Journal.GetAsync(first.Key, Cancel))!);
        Assert.Equal(("at a", "at b"), (Text(atA.Body), Text(Assert.Single(atA.Siblings).Body)));
        Assert.Equal((atA.Version, atA.Siblings[0].Version), (atB.Version, Assert.Single(atB.Siblings).Version));
        Assert.IsType<CommitResult.Stale>(await _a.Journal.CommitAsync(Commit(new Change(first.Key, atA.Vector, Bytes("one side"))), Cancel));

        var merged = (await _a.Journal.WriteAsync(Update(atA, "merged"))).Documents[0];
        await _b.PullAsync(_a);

        var end = (await _b.Journal.GetAsync(first.Key, Cancel))!;
        Assert.Empty(end.Siblings);
        Assert.Equal(("merged", merged.Vector), (Text(end.Body), end.Vector));
        Assert.Equal(4, (await _b.Journal.GetHistoryAsync(first.Key, 10, Cancel)).Length);
    }

    [Fact]
    public async Task Pull_UnrelatedDocumentWithOneKey_IsRefusedWithAnAlert()
    {
        _a.Holders = [FeedSite.HolderAt("clinic-b")];
        await _a.Journal.WriteAsync(Create("clinic-a-1", "theirs"));
        var page = await new FeedServer(_a.Journal).ReadAsync("clinic-b", FeedMode.Shared, FeedCursor.Start, Cancel);
        page.Records[0].Record.Document.OwnerSite = "clinic-a";
        var foreign = page.Clone();
        await _b.Journal.ApplyAsync(_a.Name, FeedCursor.Start, page, Cancel);
        foreign.Records[0].Record.Document.Vector[0].Epoch = 2;
        foreign.Records[0].Record.Document.Version.At.Epoch = 2;
        foreign.UpTo = "2.1.0";

        await _b.Journal.ApplyAsync(_a.Name, FeedCursor.Past(new Position(1, 1, 0)), foreign, Cancel);

        Assert.Equal("document-unrelated", Assert.Single(_b.Alerts).Code);
        Assert.Empty((await _b.Journal.GetAsync(Key("clinic-a-1"), Cancel))!.Siblings);
    }

    [Fact]
    public async Task Pull_VersionOfAThirdSite_IsRefusedWithAnAlert()
    {
        _a.Holders = [FeedSite.HolderAt("clinic-b")];
        await _a.Journal.WriteAsync(Create("clinic-a-1"));
        var page = await new FeedServer(_a.Journal).ReadAsync("clinic-b", FeedMode.Shared, FeedCursor.Start, Cancel);
        page.Records[0].Record.Document.OwnerSite = "core";

        await _b.Journal.ApplyAsync(_a.Name, FeedCursor.Start, page, Cancel);

        Assert.Equal("document-owner", Assert.Single(_b.Alerts).Code);
        Assert.Null(await _b.Journal.GetAsync(Key("clinic-a-1"), Cancel));
    }

    [Fact]
    public async Task Pull_OursThatTheyWereNeverGiven_IsRefusedWithAnAlert()
    {
        var ours = (await _b.Journal.WriteAsync(Create("clinic-b-1", "ours"))).Documents[0];
        _a.Holders = [FeedSite.HolderAt("clinic-b")];
        await _a.Journal.WriteAsync(Create("clinic-a-1", "forged"));
        var page = await new FeedServer(_a.Journal).ReadAsync("clinic-b", FeedMode.Shared, FeedCursor.Start, Cancel);
        var version = page.Records[0].Record.Document;
        (version.Key.Id, version.OwnerSite) = ("clinic-b-1", "clinic-b");
        version.Vector.Add(new Wire.VectorEntry { Site = "clinic-b", Epoch = 1, Counter = 1 });

        await _b.Journal.ApplyAsync(_a.Name, FeedCursor.Start, page, Cancel);

        Assert.Equal("document-owner", Assert.Single(_b.Alerts).Code);
        Assert.Equal(ours.Version, (await _b.Journal.GetAsync(ours.Key, Cancel))!.Version);
    }

    [Fact]
    public async Task Pull_WithdrawalOfOurOwnDocument_IsRefusedWithAnAlert()
    {
        await _b.Journal.WriteAsync(Create("clinic-b-1", "ours"));
        await _a.WithdrawAsync("clinic-b", "clinic-b-1");

        await _b.PullAsync(_a);

        Assert.Equal("document-owner", Assert.Single(_b.Alerts).Code);
        Assert.Equal("ours", await _b.Journal.BodyAsync("clinic-b-1"));
    }

    [Fact]
    public async Task Pull_EditedCopyIsWithdrawn_OurEditGoesToo()
    {
        _a.Holders = [FeedSite.HolderAt("clinic-b")];
        await _a.Journal.WriteAsync(Create("clinic-a-1", "one"));
        await _b.PullAsync(_a);
        await _b.Journal.WriteAsync(Update((await _b.Journal.GetAsync(Key("clinic-a-1"), Cancel))!, "edited"));
        await _a.WithdrawAsync("clinic-b", "clinic-a-1");

        await _b.PullAsync(_a);
        await _b.ReopenAsync();

        Assert.Null(await _b.Journal.GetAsync(Key("clinic-a-1"), Cancel));
        Assert.DoesNotContain(_b.Store.BodyKeys, k => k.Contains("/body/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pull_TombstoneOfASharedDocument_Arrives()
    {
        _a.Holders = [FeedSite.HolderAt("clinic-b")];
        var document = (await _a.Journal.WriteAsync(Create("clinic-a-1", "one"))).Documents[0];
        await _b.PullAsync(_a);
        await _a.Journal.WriteAsync(new Change(document.Key, document.Frontier, default) { Deleted = true });

        await _b.PullAsync(_a);

        Assert.True((await _b.Journal.GetAsync(document.Key, Cancel))!.Deleted);
    }

    [Fact]
    public void FeedCursor_EverySpelling_IsReadOnlyInItsOneForm()
    {
        foreach (var text in new[] { "0.0.0", "1.2.3", "1.2.3~4" })
        {
            Assert.True(FeedCursor.TryParse(text, out var cursor));
            Assert.Equal(text, cursor.ToString());
        }

        foreach (var text in new[] { null, "", "1.2", "1.2.3~", "1.2.3~0", "1.2.3~04", "1.2.3~-1", "1.2.3~4~5", "~4" })
        {
            Assert.False(FeedCursor.TryParse(text, out _));
        }
    }

    [Fact]
    public void FeedPage_UnknownFields_AreKept()
    {
        byte[] unknown = [.. new Wire.FeedPage { Journal = "a.b.c" }.ToByteArray(), 0xF8, 0x7F, 0x05];
        Assert.Equal(unknown, Wire.FeedPage.Parser.ParseFrom(unknown).ToByteArray());
    }
}
