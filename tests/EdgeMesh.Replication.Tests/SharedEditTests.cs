using static EdgeMesh.Replication.Tests.TestJournal;

namespace EdgeMesh.Replication.Tests;

public sealed class SharedEditTests : TwoFeedSites
{
    [Fact]
    public async Task Pull_BothWays_ComesToRest()
    {
        (A.Holders, B.Holders) = ([FeedSite.HolderAt("clinic-b")], [FeedSite.HolderAt("clinic-a")]);
        await A.Journal.WriteAsync(Create("clinic-a-1"));
        await B.Journal.WriteAsync(Create("clinic-b-1"));
        await A.PullAsync(B);
        await B.PullAsync(A);
        var heads = (A.Journal.Head, B.Journal.Head);

        for (var i = 0; i < 3; i++)
        {
            await A.PullAsync(B);
            await B.PullAsync(A);
        }

        Assert.Equal(heads, (A.Journal.Head, B.Journal.Head));
    }

    [Fact]
    public async Task Pull_EditOfACopy_FastForwardsTheOwner()
    {
        A.Holders = [FeedSite.HolderAt("clinic-b")];
        await A.Journal.WriteAsync(Create("clinic-a-1", "one"));
        await B.PullAsync(A);
        B.Holders = [FeedSite.HolderAt("clinic-a")];
        var copy = (await B.Journal.GetAsync(Key("clinic-a-1"), Cancel))!;
        await B.Journal.WriteAsync(Update(copy, "edited at b"));

        await A.PullAsync(B);

        var document = (await A.Journal.GetAsync(copy.Key, Cancel))!;
        Assert.Equal(("edited at b", "clinic-a", (string?)null), (Text(document.Body), document.OwnerSite, document.HeldUnder));
        Assert.Empty(document.Siblings);
        Assert.Equal("clinic-b", document.Version.Site);
    }

    [Fact]
    public async Task Pull_ConcurrentEdits_AreSiblingsAtBothUntilOneMerges()
    {
        (A.Holders, B.Holders) = ([FeedSite.HolderAt("clinic-b")], [FeedSite.HolderAt("clinic-a")]);
        var first = (await A.Journal.WriteAsync(Create("clinic-a-1", "one"))).Documents[0];
        await B.PullAsync(A);
        await A.Journal.WriteAsync(Update(first, "at a"));
        await B.Journal.WriteAsync(Update((await B.Journal.GetAsync(first.Key, Cancel))!, "at b"));

        await B.PullAsync(A);
        await A.PullAsync(B);

        var (atA, atB) = ((await A.Journal.GetAsync(first.Key, Cancel))!, (await B.Journal.GetAsync(first.Key, Cancel))!);
        Assert.Equal(("at a", "at b"), (Text(atA.Body), Text(Assert.Single(atA.Siblings).Body)));
        Assert.Equal((atA.Version, atA.Siblings[0].Version), (atB.Version, Assert.Single(atB.Siblings).Version));
        Assert.IsType<CommitResult.Stale>(await A.Journal.CommitAsync(Commit(new Change(first.Key, atA.Vector, Bytes("one side"))), Cancel));

        var merged = (await A.Journal.WriteAsync(Update(atA, "merged"))).Documents[0];
        await B.PullAsync(A);

        var end = (await B.Journal.GetAsync(first.Key, Cancel))!;
        Assert.Empty(end.Siblings);
        Assert.Equal(("merged", merged.Vector), (Text(end.Body), end.Vector));
        Assert.Equal(4, (await B.Journal.GetHistoryAsync(first.Key, 10, Cancel)).Length);
    }

    [Fact]
    public async Task Pull_EditedCopyIsWithdrawn_OurEditGoesToo()
    {
        A.Holders = [FeedSite.HolderAt("clinic-b")];
        await A.Journal.WriteAsync(Create("clinic-a-1", "one"));
        await B.PullAsync(A);
        await B.Journal.WriteAsync(Update((await B.Journal.GetAsync(Key("clinic-a-1"), Cancel))!, "edited"));
        await A.WithdrawAsync("clinic-b", "clinic-a-1");

        await B.PullAsync(A);
        await B.ReopenAsync();

        Assert.Null(await B.Journal.GetAsync(Key("clinic-a-1"), Cancel));
        Assert.DoesNotContain(B.Store.BodyKeys, k => k.Contains("/body/", StringComparison.Ordinal));
    }
}
