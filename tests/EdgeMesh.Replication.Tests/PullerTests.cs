using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using static EdgeMesh.Replication.Tests.TestJournal;

namespace EdgeMesh.Replication.Tests;

public sealed class PullerTests : IAsyncLifetime
{
    private static readonly PullerOptions Quick = new()
    {
        Wait = TimeSpan.FromSeconds(5), Poll = TimeSpan.FromMilliseconds(100), FirstPause = TimeSpan.FromMilliseconds(5),
    };

    private FeedSite _a = null!;
    private FeedSite _b = null!;
    private FeedHost _host = null!;
    private FeedLink _link = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        (_a, _b) = (await FeedSite.OpenAsync("clinic-a"), await FeedSite.OpenAsync("clinic-b"));
        _a.Holders = [FeedSite.HolderAt("clinic-b")];
        _host = await FeedHost.StartAsync(_a.Journal);
        _link = _host.LinkFrom("clinic-b");
    }

    public async ValueTask DisposeAsync()
    {
        await _host.DisposeAsync();
        _link.Dispose();
        await _a.DisposeAsync();
        await _b.DisposeAsync();
    }

    [Fact]
    public async Task SharedPuller_LinkCutWhileWritesGoOn_CatchesUpWhenItReturns()
    {
        await using var puller = Start(_link);
        await WriteAsync(0, 3);
        await UntilAsync(3);
        _link.IsCut = true;
        await WriteAsync(3, 5);
        await WaitForAsync(() => puller.State.Failure is not null);
        Assert.False(puller.State.AtHead);

        _link.IsCut = false;
        await UntilAsync(8);

        await WaitForAsync(() => puller.State is { Failure: null, AtHead: true });
        Assert.Equal(_a.Journal.Head.ToString(), puller.State.Position);
    }

    [Fact]
    public async Task SharedPuller_AnswersGetLost_AppliesEachRecordOnce()
    {
        _link.LostAnswers = 4;
        await WriteAsync(0, 10);
        await using var puller = Start(_link);

        await UntilAsync(10);

        Assert.Equal(10, (await _b.Journal.ReadAllAsync()).Count);
    }

    [Fact]
    public async Task SharedPuller_AnnouncedTwiceAndForNothing_AppliesEachRecordOnce()
    {
        await using var puller = Start(_link, Quick with { Wait = TimeSpan.Zero, Poll = TimeSpan.FromHours(1) });
        await WaitForAsync(() => puller.State.AtHead);
        await WriteAsync(0, 1);
        puller.Wake();
        puller.Wake();
        await UntilAsync(1);
        puller.Wake();
        var asked = _link.Requests;
        await WaitForAsync(() => _link.Requests > asked || puller.State.AtHead);

        Assert.Single(await _b.Journal.ReadAllAsync());
    }

    [Fact]
    public async Task SharedPuller_NothingNewAndNoWait_AsksAtTheSlowPace()
    {
        var clock = new FakeTimeProvider();
        await using var puller = Start(_link, Quick with { Wait = TimeSpan.Zero, Poll = TimeSpan.FromHours(1) }, clock);
        await WaitForAsync(() => puller.State.AtHead);
        var asked = _link.Requests;

        var moved = TimeSpan.Zero;
        for (; _link.Requests == asked; moved += TimeSpan.FromMinutes(1))
        {
            Assert.True(moved < TimeSpan.FromHours(1000), "It never asked again.");
            clock.Advance(TimeSpan.FromMinutes(1));
            await Task.Delay(1, Cancel);
        }

        Assert.True(moved >= TimeSpan.FromHours(1), $"It asked again after {moved}.");
    }

    [Fact]
    public async Task SharedPuller_RecordThatMustBeUnderstoodAndIsNot_StopsThereAndSaysSo()
    {
        await WriteAsync(0, 1);
        using var newer = new Rewriter(_link, page => page.Records[0].Record.Kind = 99);
        await using var puller = Start(newer);

        await WaitForAsync(() => puller.State.Failure?.Contains("upgrade needed", StringComparison.Ordinal) == true);

        Assert.Empty(await _b.Journal.ReadAllAsync());
        Assert.Equal("0.0.0", puller.State.Position);
    }

    [Fact]
    public async Task SharedPuller_PageOfAnotherJournal_IsNotApplied()
    {
        await WriteAsync(0, 1);
        using var wrong = new Rewriter(_link, page => page.Journal = "core.records.changes");
        await using var puller = Start(wrong);

        await WaitForAsync(() => puller.State.Failure is not null);

        Assert.Empty(await _b.Journal.ReadAllAsync());
    }

    [Fact]
    public async Task MirrorPuller_OutagesAndRestarts_HoldsEveryRecordUnderTheOriginsPositions()
    {
        using var link = _host.LinkFrom("core");
        var store = new MemoryJournalStore();
        for (var round = 0; round < 4; round++)
        {
            await WriteAsync(round * 5, 5);
            link.LostAnswers = 1;
            var mirror = new Mirror("core", _a.Name, store);
            using var client = link.Client();
            await using var puller = new MirrorPuller(mirror, client, TimeProvider.System, NullLogger.Instance, Quick);
            puller.Start();
            await WaitForAsync(async () => (await mirror.StateAsync(Cancel)).Position == _a.Journal.Head);
        }

        var copy = await new Mirror("core", _a.Name, store).ReadAsync(Position.Start, 1_000, Cancel);
        var origin = await _a.Journal.ReadAllAsync();
        Assert.Equal(origin.Select(r => (r.At, Text(r.Document!.Body), r.Holders.Length)), copy.Records.Select(r => (r.At, Text(r.Document!.Body), r.Holders.Length)));
    }

    private FeedPuller Start(HttpMessageHandler link, PullerOptions? options = null, TimeProvider? clock = null)
    {
        var client = new HttpClient(link, disposeHandler: false) { BaseAddress = new Uri("http://gateway/") };
        var puller = new SharedPuller(_b.Journal, _a.Name, client, clock ?? TimeProvider.System, NullLogger.Instance, options ?? Quick);
        puller.Start();
        return puller;
    }

    private async Task WriteAsync(int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            await _a.Journal.WriteAsync(Create($"clinic-a-{i}", $"body {i}"));
        }
    }

    private Task UntilAsync(int records) => WaitForAsync(async () => (await _b.Journal.ReadAllAsync()).Count == records);

    private static Task WaitForAsync(Func<bool> holds) => WaitForAsync(() => Task.FromResult(holds()));

    private static async Task WaitForAsync(Func<Task<bool>> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(15));
        while (!await holds())
        {
            await Task.Delay(5, limit.Token);
        }
    }

    /// <summary>Changes pages on their way.</summary>
    private sealed class Rewriter(FeedLink link, Action<Wire.FeedPage> change) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            using var client = link.Client();
            var page = Wire.FeedPage.Parser.ParseFrom(await client.GetByteArrayAsync(request.RequestUri!, cancellationToken));
            change(page);
            return new HttpResponseMessage { Content = new ByteArrayContent(page.ToByteArray()) };
        }
    }
}
