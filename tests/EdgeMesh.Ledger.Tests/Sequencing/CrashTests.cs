namespace EdgeMesh.Ledger.Tests.Sequencing;

/// <summary>A crash, and an I/O error, at every call to the store; each both "failed" and "failed but persisted".</summary>
public sealed class CrashTests
{
    // Crosses a bundle and several pieces, so that every kind of row is written.
    private const int First = 200;
    private const int Second = 300;
    private const int Length = 700;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Append_CrashAtAnyStep_LosesNothingAndDoublesNothing(bool persisted)
    {
        var step = 0;
        while (await RunAsync(step, persisted, forGood: true))
        {
            step++;
        }

        Assert.InRange(step, 10, 60);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Append_ErrorAtAnyStep_GoesOnByItself(bool persisted)
    {
        var step = 0;
        while (await RunAsync(step, persisted, forGood: false))
        {
            step++;
        }

        Assert.InRange(step, 10, 60);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Load_CrashAtAnyStep_TheNextLoadHolds(bool persisted)
    {
        using var key = TestLog.NewKey();
        var step = 0;
        for (var fired = true; fired; step++)
        {
            var memory = new MemoryLedgerStore();
            // A head that moved and a stage that is not applied: the state that a load has the most to do with.
            var half = new FaultyStore(memory);
            await using (var log = new TestLog(half, key))
            {
                await log.FillAsync(First, Length);
                half.Arm(4, done: false, forGood: true);
                Assert.Equal(AppendOutcome.Unavailable, (await log.AppendAsync(First, Second, Length)).Outcome);
            }

            var store = new FaultyStore(memory);
            store.Arm(step, persisted, forGood: true);
            await using (var log = new TestLog(store, key))
            {
                await log.WaitAsync(s => s.Phase == SequencerPhase.Ready || store.Fired);
            }

            fired = store.Fired;
            await CheckAsync(memory, key);
        }

        Assert.InRange(step, 8, 60);
    }

    /// <returns>Whether the fault fired: false once there are no more steps.</returns>
    private static async Task<bool> RunAsync(int step, bool persisted, bool forGood)
    {
        using var key = TestLog.NewKey();
        var memory = new MemoryLedgerStore();
        var store = new FaultyStore(memory);
        await using (var log = new TestLog(store, key))
        {
            await log.FillAsync(First, Length);
            store.Arm(step, persisted, forGood);
            var result = await log.AppendAsync(First, Second, Length);
            Assert.True(result.IsLogged || result.Outcome == AppendOutcome.Unavailable, result.ToString());
            if (!forGood)
            {
                // Whoever asks before the fault is noticed may meet it too; the next time it holds.
                var again = await log.AppendAsync(First, Second, Length);
                again = again.IsLogged ? again : await log.AppendAsync(First, Second, Length);
                Assert.True(again.IsLogged, again.ToString());
            }
        }

        await CheckAsync(memory, key);
        return store.Fired;
    }

    private static async Task CheckAsync(MemoryLedgerStore memory, LedgerKey key)
    {
        await using var log = new TestLog(memory, key);
        var again = await log.AppendAsync(First, Second, Length);
        Assert.True(again.IsLogged, again.ToString());
        Assert.Equal((First, Second), (again.First, again.Count));
        var next = await log.AppendAsync(First + Second, 1, Length);
        Assert.Equal(First + Second, next.First);
        var result = await log.VerifyAsync();
        Assert.True(result.Holds, result.ToString());
        Assert.Equal(First + Second + 1, result.Entries);
    }
}
