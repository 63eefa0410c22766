namespace EdgeMesh.Testing.Tests;

public sealed class CallLogTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Take_ACallThatNeverComes_FailsAndSaysWhatCame()
    {
        var log = new CallLog();
        log.Add(new DaprCall(CallKind.Publish, "orders", "events", "placed", default));
        log.Add(new DaprCall(CallKind.Delivery, "events", "stock", "placed", default) { Status = 500 });

        var error = await Assert.ThrowsAsync<TimeoutException>(() => log.TakeAsync(1, c => c.Status == 200, TimeSpan.FromMilliseconds(1), Token));

        Assert.Equal(
            "After 0.001 s there are 0 of 1 such calls. Recorded were 2 calls, the last of them:\nPublish orders → events: placed\nDelivery events → stock: placed, 500", error.Message);
    }

    [Fact]
    public async Task First_ACallThatIsRecordedMeanwhile_ReturnsIt()
    {
        var log = new CallLog();
        var first = log.FirstAsync(c => c.Name == "b", Token);

        log.Add(new DaprCall(CallKind.StateRead, "orders", "heads", "a", default));
        log.Add(new DaprCall(CallKind.StateRead, "orders", "heads", "b", default));

        Assert.Equal("b", (await first).Name);
    }
}
