using EdgeMesh.Replication.Feeds;
using static EdgeMesh.Replication.Tests.TestJournal;

namespace EdgeMesh.Replication.Tests;

public sealed class SharedFeedTests : TwoFeedSites
{
    [Fact]
    public async Task Pull_NotShared_MovesThePositionAndNothingElse()
    {
        await A.Journal.WriteAsync(Create("clinic-a-1"));

        var page = Assert.Single(await B.PullAsync(A));

        Assert.Empty(page.Records);
        Assert.Equal(A.Journal.Head.ToString(), page.UpTo);
        Assert.Equal(Position.Start, B.Journal.Head);
        Assert.Equal(A.Journal.Head, (await B.Journal.Core.FeedAsync(A.Name, Cancel)).At);
    }

    [Fact]
    public async Task Pull_SharedVersion_IsHeldUnderItsConsentAndKeepsItsIdentity()
    {
        A.Holders = [FeedSite.HolderAt("clinic-b"), FeedSite.HolderAt("core")];
        var origin = (await A.Journal.WriteAsync(new Change(Key("clinic-a-1"), null, Bytes("body")) { Labels = ["N"] })).Documents[0];

        await B.PullAsync(A);

        var copy = (await B.Journal.GetAsync(origin.Key, Cancel))!;
        Assert.Equal((origin.Version, origin.RecordedAt, "clinic-a", "consent-clinic-b"), (copy.Version, copy.RecordedAt, copy.OwnerSite, copy.HeldUnder));
        Assert.Equal(origin.Vector, copy.Vector);
        Assert.Equal("body", Text(copy.Body));
        Assert.Equal(["N"], copy.Labels.AsEnumerable());
        var record = Assert.Single(await B.Journal.ReadAllAsync());
        Assert.Equal((RecordKind.Applied, 2), (record.Kind, record.WrappedKey.Length));
    }

    [Fact]
    public async Task Pull_GrantRevokeGrant_CopyComesGoesAndComes()
    {
        await A.Journal.WriteAsync(Create("clinic-a-1", "secret"));
        await B.PullAsync(A);
        Assert.Null(await B.Journal.BodyAsync("clinic-a-1"));

        await A.GrantAsync("clinic-b", "clinic-a-1");
        await B.PullAsync(A);
        Assert.Equal("secret", await B.Journal.BodyAsync("clinic-a-1"));
        var body = Assert.Single(B.Store.BodyKeys, k => k.Contains("/body/", StringComparison.Ordinal));

        await A.WithdrawAsync("clinic-b", "clinic-a-1");
        await B.PullAsync(A);
        Assert.Null(await B.Journal.GetAsync(Key("clinic-a-1"), Cancel));
        Assert.Empty(await B.Journal.GetHistoryAsync(Key("clinic-a-1"), 10, Cancel));
        await B.ReopenAsync();
        Assert.DoesNotContain(body, B.Store.BodyKeys);
        var records = await B.Journal.ReadAllAsync();
        Assert.Equal([RecordKind.Applied, RecordKind.Withdrawn], records.Select(r => r.Kind));
        Assert.True(records[0].Document!.BodyMissing);
        Assert.Equal(Key("clinic-a-1"), records[1].WithdrawnKey);

        await A.GrantAsync("clinic-b", "clinic-a-1");
        await B.PullAsync(A);
        Assert.Equal("secret", await B.Journal.BodyAsync("clinic-a-1"));
        Assert.Single(await B.Journal.GetHistoryAsync(Key("clinic-a-1"), 10, Cancel));
    }

    [Fact]
    public async Task Pull_WithdrawnBeforeItWasPulled_IsNeverSent()
    {
        A.Holders = [FeedSite.HolderAt("clinic-b")];
        await A.Journal.WriteAsync(Create("clinic-a-1", "secret"));
        await A.WithdrawAsync("clinic-b", "clinic-a-1");

        var page = Assert.Single(await B.PullAsync(A));

        Assert.DoesNotContain(page.Records, r => r.Record?.Document is not null);
        Assert.Empty(await B.Journal.ReadAllAsync());
    }

    [Fact]
    public async Task Pull_WithdrawnAndGrantedAgain_SendsNothingOfTheTimeBefore()
    {
        A.Holders = [FeedSite.HolderAt("clinic-b")];
        var first = (await A.Journal.WriteAsync(Create("clinic-a-1", "before"))).Documents[0];
        await A.WithdrawAsync("clinic-b", "clinic-a-1");
        A.Holders = [];
        await A.Journal.WriteAsync(Update(first, "after"));
        await A.GrantAsync("clinic-b", "clinic-a-1");

        await B.PullAsync(A);

        Assert.Equal(["after"], (await B.Journal.GetHistoryAsync(Key("clinic-a-1"), 10, Cancel)).Select(d => Text(d.Body)));
    }

    [Fact]
    public async Task Pull_GrantThenUpdate_SendsBothInOrder()
    {
        var document = (await A.Journal.WriteAsync(Create("clinic-a-1", "one"))).Documents[0];
        await A.GrantAsync("clinic-b", "clinic-a-1");
        A.Holders = [FeedSite.HolderAt("clinic-b")];
        await A.Journal.WriteAsync(Update(document, "two"));

        await B.PullAsync(A);

        Assert.Equal(["two", "one"], (await B.Journal.GetHistoryAsync(document.Key, 10, Cancel)).Select(d => Text(d.Body)));
    }

    [Fact]
    public async Task Pull_GrantedAgainUnderAnotherConsent_TheCopyNamesIt()
    {
        A.Holders = [FeedSite.HolderAt("clinic-b")];
        await A.Journal.WriteAsync(Create("clinic-a-1"));
        await B.PullAsync(A);
        await A.GrantAsync("clinic-b", "clinic-a-1");
        await B.PullAsync(A);

        Assert.Equal("consent-1", (await B.Journal.GetAsync(Key("clinic-a-1"), Cancel))!.HeldUnder);
        Assert.Single(await B.Journal.GetHistoryAsync(Key("clinic-a-1"), 10, Cancel));
    }

    [Fact]
    public async Task Pull_TwoThousandGrantedAtOnce_ComesInPagesOfOneMebibyteAndSurvivesLostAnswers()
    {
        var ids = Enumerable.Range(0, 2_000).Select(i => $"clinic-a-{i}").ToArray();
        var body = new string('x', 1_500);
        await A.Journal.WriteAsync([.. ids.Select(id => Create(id, body + id))]);
        await A.GrantAsync("clinic-b", ids);

        // Every answer is lost once: the same page comes again.
        var pages = 0;
        while (true)
        {
            var cursor = await B.Journal.Core.FeedAsync(A.Name, Cancel);
            var server = new FeedServer(A.Journal);
            await server.ReadAsync("clinic-b", FeedMode.Shared, cursor, Cancel);
            var page = await server.ReadAsync("clinic-b", FeedMode.Shared, cursor, Cancel);
            Assert.InRange(page.CalculateSize(), 1, 1024 * 1024);
            Assert.True(await B.Journal.ApplyAsync(A.Name, cursor, page, Cancel));
            Assert.False(await B.Journal.ApplyAsync(A.Name, cursor, page, Cancel));
            pages++;
            if (page.AtHead)
            {
                break;
            }
        }

        Assert.InRange(pages, 3, 10);
        var copies = await B.Journal.GetManyAsync([.. ids.Select(FeedSite.Key)], Cancel);
        Assert.Equal(ids.Select(id => body + id), copies.Select(c => Text(c!.Body)));
        Assert.Equal(2_000, (await B.Journal.ReadAllAsync()).Count);
    }

    [Fact]
    public async Task Pull_CrashAfterEachPage_AppliesEachVersionOnce()
    {
        A.Holders = [FeedSite.HolderAt("clinic-b")];
        for (var i = 0; i < 5; i++)
        {
            await A.Journal.WriteAsync(Create($"clinic-a-{i}"));
            await B.PullAsync(A);
            await B.ReopenAsync();
        }

        Assert.Equal(5, (await B.Journal.ReadAllAsync()).Count);
    }

    [Fact]
    public async Task Pull_TombstoneOfASharedDocument_Arrives()
    {
        A.Holders = [FeedSite.HolderAt("clinic-b")];
        var document = (await A.Journal.WriteAsync(Create("clinic-a-1", "one"))).Documents[0];
        await B.PullAsync(A);
        await A.Journal.WriteAsync(new Change(document.Key, document.Frontier, default) { Deleted = true });

        await B.PullAsync(A);

        Assert.True((await B.Journal.GetAsync(document.Key, Cancel))!.Deleted);
    }
}
