using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.PubSub;

public sealed class BulkPostmanTests
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(60));
    private readonly List<(string Path, string Ids)> _sent = [];

    [Fact]
    public async Task Deliver_Enough_GoAtOnceAndEachHasItsOwnVerdict()
    {
        var postman = Postman(maxMessages: 3);
        var verdicts = await Task.WhenAll(Deliver(postman, "a"), Deliver(postman, "drop"), Deliver(postman, "c"));
        Assert.Equal([Verdict.Success, Verdict.Drop, Verdict.Success], verdicts);
        Assert.Equal(("/r", "a,drop,c"), Assert.Single(_sent));
    }

    [Fact]
    public async Task Deliver_TooFew_GoWhenOneHasWaitedLongEnough()
    {
        var postman = Postman(maxMessages: 3);
        var (first, second) = (Deliver(postman, "a"), Deliver(postman, "b"));
        _clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.Empty(_sent);
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        await Task.WhenAll(first, second).WaitAsync(TestSidecar.Cancellation);
        Assert.Equal(("/r", "a,b"), Assert.Single(_sent));
    }

    [Fact]
    public async Task Deliver_ForAnotherRoute_GoesItsOwnWay()
    {
        var postman = Postman(maxMessages: 2);
        await Task.WhenAll(Deliver(postman, "a", "/one"), Deliver(postman, "b", "/two"), Deliver(postman, "c", "/one"), Deliver(postman, "d", "/two"));
        Assert.Equal([("/one", "a,c"), ("/two", "b,d")], _sent.Order());
    }

    [Fact]
    public async Task Deliver_TheSenderFails_AllThatWaitHearOfIt()
    {
        var postman = new BulkPostman(new BulkOptions(2, TimeSpan.FromSeconds(1)), (_, _, _) => throw new InvalidOperationException("broken"), _clock);
        var (first, second) = (Deliver(postman, "a"), Deliver(postman, "b"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => first);
        await Assert.ThrowsAsync<InvalidOperationException>(() => second);
    }

    private BulkPostman Postman(int maxMessages) => new(
        new BulkOptions(maxMessages, TimeSpan.FromSeconds(1)),
        (path, parcels, _) =>
        {
            lock (_sent)
            {
                _sent.Add((path, string.Join(',', parcels.Select(p => p.Message.Id))));
            }

            return Task.FromResult<IReadOnlyList<Verdict>>([.. parcels.Select(p => p.Message.Id == "drop" ? Verdict.Drop : Verdict.Success)]);
        },
        _clock);

    private static Task<Verdict> Deliver(BulkPostman postman, string id, string path = "/r") =>
        postman.DeliverAsync(new Parcel(new BrokerMessage("t", default, BrokerMessage.NoMetadata) { Id = id }, default, default, path), TestSidecar.Cancellation);
}
