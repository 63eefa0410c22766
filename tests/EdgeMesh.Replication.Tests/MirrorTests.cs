using EdgeMesh.Replication.Feeds;
using static EdgeMesh.Replication.Tests.TestJournal;

namespace EdgeMesh.Replication.Tests;

public sealed class MirrorTests : IAsyncLifetime
{
    private readonly MemoryJournalStore _store = new();
    private FeedSite _origin = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Mirror Mirror => new("core", _origin.Name, _store);

    public async ValueTask InitializeAsync() => _origin = await FeedSite.OpenAsync("clinic-a");

    public ValueTask DisposeAsync() => _origin.DisposeAsync();

    [Fact]
    public async Task ReadAsync_FromAnyPosition_GivesWhatTheOriginGives()
    {
        for (var i = 0; i < 300; i++)
        {
            await _origin.Journal.WriteAsync(Create($"clinic-a-{i}", $"body {i}"), Create($"clinic-a-{i}x"));
            await PullOnceAsync(Mirror);
        }

        var mirror = Mirror;
        Assert.Equal(300, (await mirror.StateAsync(Cancel)).Segments);
        foreach (var after in new[] { Position.Start, new Position(1, 1, 0), new Position(1, 150, 1), new Position(1, 256, 0), new Position(1, 300, 0), new Position(1, 300, 1), new Position(2, 0, 0) })
        {
            var expected = await _origin.Journal.ReadAsync(after, 7, Cancel);
            var page = await mirror.ReadAsync(after, 7, Cancel);
            var count = Math.Min(expected.Records.Length, page.Records.Length);
            Assert.Equal(expected.Records.Take(count).Select(r => (r.At, Text(r.Document!.Body))), page.Records.Take(count).Select(r => (r.At, Text(r.Document!.Body))));
            Assert.Equal(expected.Records.IsEmpty, page.Records.IsEmpty);
        }
    }

    [Fact]
    public async Task Append_FiveThousandChangesInOneBatch_IsCutIntoPagesAndWhole()
    {
        var body = new string('y', 700);
        await _origin.Journal.WriteAsync([.. Enumerable.Range(0, 5_000).Select(i => Create($"clinic-a-{i}", body + i))]);

        var pages = 0;
        for (var atHead = false; !atHead; pages++)
        {
            atHead = await PullOnceAsync(Mirror);
        }

        var records = (await Mirror.ReadAsync(Position.Start, 10_000, Cancel)).Records;
        Assert.InRange(pages, 4, 8);
        Assert.Equal((await _origin.Journal.ReadAllAsync(10_000)).Select(r => (r.At, r.Document!.Key.Id, Text(r.Document.Body))), records.Select(r => (r.At, r.Document!.Key.Id, Text(r.Document.Body))));
    }

    [Fact]
    public async Task Append_SamePageTwice_KeepsItOnce()
    {
        await _origin.Journal.WriteAsync(Create("clinic-a-1"));
        var page = await PageAsync(FeedCursor.Start);
        var mirror = Mirror;
        await mirror.AppendAsync(FeedCursor.Start, page, Cancel);
        await mirror.AppendAsync(FeedCursor.Start, page, Cancel);

        Assert.Equal(new MirrorState(1, 1, _origin.Journal.Head), await Mirror.StateAsync(Cancel));
    }

    [Fact]
    public async Task Append_TwoWriters_KeepEachPageOnce()
    {
        var (one, two) = (Mirror, Mirror);
        for (var i = 0; i < 6; i++)
        {
            await _origin.Journal.WriteAsync(Create($"clinic-a-{i}"));
            foreach (var mirror in new[] { one, two })
            {
                try
                {
                    await PullOnceAsync(mirror);
                }
                catch (JournalUnavailableException)
                {
                    // It has lost a race, and reads its head anew.
                    await PullOnceAsync(mirror);
                }
            }
        }

        Assert.Equal((await _origin.Journal.ReadAllAsync()).Select(r => r.At), (await Mirror.ReadAsync(Position.Start, 100, Cancel)).Records.Select(r => r.At));
    }

    [Theory]
    [InlineData(Fault.Failed)]
    [InlineData(Fault.FailedButPersisted)]
    [InlineData(Fault.DeathAfter)]
    [InlineData(Fault.DeathBefore)]
    public async Task Append_AnyWriteGoesWrong_TheMirrorStaysWhole(Fault fault)
    {
        for (var write = 1; write <= 8; write++)
        {
            var faulty = new FaultyStore(_store) { Plan = number => number == write ? fault : null };
            var mirror = new Mirror("core", _origin.Name, faulty, Options);
            for (var i = 0; i < 4; i++)
            {
                await _origin.Journal.WriteAsync(Create($"clinic-a-{write}-{i}"));
                await Record.ExceptionAsync(async () => await PullOnceAsync(mirror));
            }
        }

        await PullOnceAsync(Mirror);
        var copy = (await Mirror.ReadAsync(Position.Start, 1_000, Cancel)).Records;
        Assert.Equal((await _origin.Journal.ReadAllAsync()).Select(r => r.At), copy.Select(r => r.At));
    }

    [Fact]
    public async Task Append_CopiesOfAThirdSite_ComeWithoutBodyAndKey()
    {
        await using var third = await FeedSite.OpenAsync("clinic-b");
        third.Holders = [FeedSite.HolderAt("clinic-a")];
        await third.Journal.WriteAsync(Create("clinic-b-1", "not ours"));
        await _origin.PullAsync(third);

        await PullOnceAsync(Mirror);

        var record = Assert.Single((await Mirror.ReadAsync(Position.Start, 10, Cancel)).Records);
        Assert.Equal((RecordKind.Applied, 0, true, 0), (record.Kind, record.Document!.Body.Length, record.Document.BodyMissing, record.WrappedKey.Length));
    }

    [Fact]
    public async Task Append_Events_AreKeptVerbatim()
    {
        await using var access = await OpenAsync(new MemoryJournalStore(), name: ClinicA with { Kind = JournalName.Access });
        for (var i = 0; i < 2_000; i++)
        {
            await access.CommitAsync(new Commit { Events = [Bytes($"event {i}")] }, Cancel);
        }

        var mirror = new Mirror("core", access.Name, _store);
        for (var atHead = false; !atHead;)
        {
            var cursor = await mirror.CursorAsync(Cancel);
            var page = await new FeedServer(access).ReadAsync("core", FeedMode.Mirror, cursor, Cancel);
            Assert.InRange(page.CalculateSize(), 1, 1024 * 1024);
            await mirror.AppendAsync(cursor, page, Cancel);
            atHead = page.AtHead;
        }

        var events = (await mirror.ReadAsync(Position.Start, 5_000, Cancel)).Records;
        Assert.Equal(Enumerable.Range(0, 2_000).Select(i => $"event {i}"), events.Select(e => Text(e.Event)));
    }

    private async Task<bool> PullOnceAsync(Mirror mirror)
    {
        var cursor = await mirror.CursorAsync(Cancel);
        var page = await PageAsync(cursor);
        Assert.InRange(page.CalculateSize(), 1, 1024 * 1024);
        await mirror.AppendAsync(cursor, page, Cancel);
        return page.AtHead;
    }

    private async Task<Wire.FeedPage> PageAsync(FeedCursor cursor) => await new FeedServer(_origin.Journal).ReadAsync("core", FeedMode.Mirror, cursor, Cancel);
}
