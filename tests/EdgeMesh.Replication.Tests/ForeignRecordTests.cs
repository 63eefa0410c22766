using EdgeMesh.Replication.Feeds;
using static EdgeMesh.Replication.Tests.TestJournal;

namespace EdgeMesh.Replication.Tests;

public sealed class ForeignRecordTests : TwoFeedSites
{
    [Fact]
    public async Task Pull_UnrelatedDocumentWithOneKey_IsRefusedWithAnAlert()
    {
        A.Holders = [FeedSite.HolderAt("clinic-b")];
        await A.Journal.WriteAsync(Create("clinic-a-1", "theirs"));
        var page = await new FeedServer(A.Journal).ReadAsync("clinic-b", FeedMode.Shared, FeedCursor.Start, Cancel);
        page.Records[0].Record.Document.OwnerSite = "clinic-a";
        var foreign = page.Clone();
        await B.Journal.ApplyAsync(A.Name, FeedCursor.Start, page, Cancel);
        foreign.Records[0].Record.Document.Vector[0].Epoch = 2;
        foreign.Records[0].Record.Document.Version.At.Epoch = 2;
        foreign.UpTo = "2.1.0";

        await B.Journal.ApplyAsync(A.Name, FeedCursor.Past(new Position(1, 1, 0)), foreign, Cancel);

        Assert.Equal("document-unrelated", Assert.Single(B.Alerts).Code);
        Assert.Empty((await B.Journal.GetAsync(Key("clinic-a-1"), Cancel))!.Siblings);
    }

    [Fact]
    public async Task Pull_VersionOfAThirdSite_IsRefusedWithAnAlert()
    {
        A.Holders = [FeedSite.HolderAt("clinic-b")];
        await A.Journal.WriteAsync(Create("clinic-a-1"));
        var page = await new FeedServer(A.Journal).ReadAsync("clinic-b", FeedMode.Shared, FeedCursor.Start, Cancel);
        page.Records[0].Record.Document.OwnerSite = "core";

        await B.Journal.ApplyAsync(A.Name, FeedCursor.Start, page, Cancel);

        Assert.Equal("document-owner", Assert.Single(B.Alerts).Code);
        Assert.Null(await B.Journal.GetAsync(Key("clinic-a-1"), Cancel));
    }

    [Fact]
    public async Task Pull_OursThatTheyWereNeverGiven_IsRefusedWithAnAlert()
    {
        var ours = (await B.Journal.WriteAsync(Create("clinic-b-1", "ours"))).Documents[0];
        A.Holders = [FeedSite.HolderAt("clinic-b")];
        await A.Journal.WriteAsync(Create("clinic-a-1", "forged"));
        var page = await new FeedServer(A.Journal).ReadAsync("clinic-b", FeedMode.Shared, FeedCursor.Start, Cancel);
        var version = page.Records[0].Record.Document;
        (version.Key.Id, version.OwnerSite) = ("clinic-b-1", "clinic-b");
        version.Vector.Add(new Wire.VectorEntry { Site = "clinic-b", Epoch = 1, Counter = 1 });

        await B.Journal.ApplyAsync(A.Name, FeedCursor.Start, page, Cancel);

        Assert.Equal("document-owner", Assert.Single(B.Alerts).Code);
        Assert.Equal(ours.Version, (await B.Journal.GetAsync(ours.Key, Cancel))!.Version);
    }

    [Fact]
    public async Task Pull_WithdrawalOfOurOwnDocument_IsRefusedWithAnAlert()
    {
        await B.Journal.WriteAsync(Create("clinic-b-1", "ours"));
        await A.WithdrawAsync("clinic-b", "clinic-b-1");

        await B.PullAsync(A);

        Assert.Equal("document-owner", Assert.Single(B.Alerts).Code);
        Assert.Equal("ours", await B.Journal.BodyAsync("clinic-b-1"));
    }
}
