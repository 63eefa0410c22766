using System.Diagnostics;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>An outage of minutes, by the machine's clock: a real server is killed in the middle of its work, and comes back.</summary>
[Trait("Category", "Engines")]
[Trait("Category", "Long")]
public sealed class OpenSearchOutageTests(OpenSearch server) : IClassFixture<OpenSearch>, IDisposable
{
    private const int EventsATick = 4;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Outage = TimeSpan.FromMinutes(3);

    private readonly OpenSearchSite _site = new(server);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheServerIsKilledForMinutes_WhileEventsGoOn_AllArriveOnce()
    {
        using var shipping = _site.Start(batch: 200, change: o => o with { LongestPause = TimeSpan.FromSeconds(10) });
        using var enough = new CancellationTokenSource();
        var logging = LogAsync(shipping, enough.Token);
        await OpenSearchSite.UntilAsync(() => shipping.Status.Delivered > 100);
        await server.KillAsync();
        var killed = Stopwatch.GetTimestamp();
        await OpenSearchSite.UntilAsync(() => shipping.Status.State == LogShippingState.Waiting);
        await Task.Delay(Outage - Stopwatch.GetElapsedTime(killed), Cancellation);

        var (waiting, oldest) = (shipping.Spool.Status.BacklogRecords, TimeProvider.System.GetUtcNow() - shipping.Spool.Status.Oldest!.Value);
        await server.StartAsync();
        var back = Stopwatch.GetTimestamp();
        await OpenSearchSite.UntilAsync(() => shipping.Spool.Status.BacklogRecords < 100);
        var caughtUp = Stopwatch.GetElapsedTime(back);
        await enough.CancelAsync();
        var logged = await logging;
        await OpenSearchSite.DrainAsync(shipping);

        TestContext.Current.TestOutputHelper!.WriteLine(
            FormattableString.Invariant($"{logged} events; {waiting} of them waited after {Stopwatch.GetElapsedTime(killed, back).TotalSeconds:0} s, the oldest for {oldest.TotalSeconds:0} s; {caughtUp.TotalSeconds:0.0} s after the server was back they were there; {shipping.Status.AlreadyThere} in doubt had arrived"));
        Assert.InRange(oldest, Outage - TimeSpan.FromSeconds(10), TimeSpan.MaxValue);
        Assert.Equal((0, 0), (shipping.Spool.Status.LostRecords, shipping.Status.DeadLettered));
        await _site.AssertArrivedOnceAsync(logged);
    }

    public void Dispose() => _site.Dispose();

    /// <summary>Until it is enough; how many there are.</summary>
    private static async Task<int> LogAsync(LogShipping shipping, CancellationToken enough)
    {
        var logged = 0;
        using var timer = new PeriodicTimer(Tick);
        while (!enough.IsCancellationRequested)
        {
            await OpenSearchSite.LogAsync(shipping, logged, EventsATick);
            logged += EventsATick;
            await timer.WaitForNextTickAsync(Cancellation);
        }

        return logged;
    }
}
