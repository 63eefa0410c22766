using EdgeMesh.Ledger.Storage;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Ledger.Tests.Sequencing;

public sealed class SequencerTests : IDisposable
{
    private readonly LedgerKey _key = TestLog.NewKey();
    private readonly MemoryLedgerStore _store = new();

    public void Dispose() => _key.Dispose();

    [Fact]
    public async Task Append_SameSequenceAgain_AnswersTheIndex_AlsoAfterARestart()
    {
        await using (var log = new TestLog(_store, _key))
        {
            Assert.Equal(new AppendResult(AppendOutcome.Appended, 0, 3), await log.AppendAsync(0, 3));
            Assert.Equal(new AppendResult(AppendOutcome.Known, 1, 2), await log.AppendAsync(1, 2));
        }

        await using var again = new TestLog(_store, _key);
        Assert.Equal(new AppendResult(AppendOutcome.Known, 0, 3), await again.AppendAsync(0, 3));
        Assert.Equal(3, (await again.VerifyAsync()).Entries);
    }

    [Fact]
    public async Task Append_SentAgainWithMore_AppendsOnlyTheRest()
    {
        await using var log = new TestLog(_store, _key);
        await log.AppendAsync(0, 3);
        Assert.Equal(new AppendResult(AppendOutcome.Appended, 0, 5), await log.AppendAsync(0, 5));
        Assert.Equal(5, (await log.VerifyAsync()).Entries);
    }

    [Fact]
    public async Task Append_SentAgainWithMoreBehindAnotherProducer_TellsHowManyAreKnown()
    {
        await using var log = new TestLog(_store, _key);
        await log.AppendAsync(0, 3);
        await log.AppendAsync(0, 1, producer: "other");
        Assert.Equal(new AppendResult(AppendOutcome.Known, 0, 3), await log.AppendAsync(0, 5));
        Assert.Equal(new AppendResult(AppendOutcome.Appended, 4, 2), await log.AppendAsync(3, 2));
    }

    [Fact]
    public async Task Append_ASequenceLongForgotten_SaysSo()
    {
        await using var log = new TestLog(_store, _key);
        for (var i = 0; i < 6; i++)
        {
            await log.AppendAsync(i, 1);
            await log.AppendAsync(i, 1, producer: "other");
        }

        Assert.Equal(AppendOutcome.SequenceForgotten, (await log.AppendAsync(0, 1)).Outcome);
        Assert.Equal(10, (await log.AppendAsync(5, 1)).First);
    }

    [Fact]
    public async Task Append_WithoutAProducer_IsAlwaysNew()
    {
        await using var log = new TestLog(_store, _key);
        await log.AppendAsync(0, 1, producer: null);
        Assert.Equal(1, (await log.AppendAsync(0, 1, producer: null)).First);
    }

    [Fact]
    public async Task Append_MoreProducersThanAllowed_Refuses()
    {
        await using var log = new TestLog(_store, _key);
        await Task.WhenAll(Enumerable.Range(0, 256).Select(i => log.AppendAsync(0, 1, producer: "p" + i)));
        Assert.Equal(AppendOutcome.TooManyProducers, (await log.AppendAsync(0, 1, producer: "p256")).Outcome);
        Assert.Equal(AppendOutcome.Known, (await log.AppendAsync(0, 1, producer: "p0")).Outcome);
    }

    [Fact]
    public async Task Append_ManyAtOnce_EachHasItsOwnPlace_AndTheSameTwiceHasOne()
    {
        await using var log = new TestLog(_store, _key);
        var results = await Task.WhenAll(Enumerable.Range(0, 400).Select(i => Task.Run(() => log.AppendAsync(i / 2, 1, producer: "p" + (i / 2 % 200)))));
        Assert.All(results, r => Assert.True(r.IsLogged));
        Assert.Equal(200, results.Select(r => r.First).Distinct().Count());
        Assert.Equal(200, (await log.VerifyAsync()).Entries);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(1, 65_536)]
    [InlineData(1025, 10)]
    [InlineData(10, 60_000)]
    [InlineData(1, 0)]
    public async Task Append_OverALimit_IsRefused(int count, int length)
    {
        await using var log = new TestLog(_store, _key);
        Assert.Equal(AppendOutcome.Refused, (await log.AppendAsync(0, count, length)).Outcome);
    }

    [Fact]
    public async Task Append_TheLongestEntries_FitTheStoresLimit()
    {
        var store = new LimitedStore(_store);
        await using var log = new TestLog(store, _key);
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal(AppendOutcome.Appended, (await log.AppendAsync(i * 7, 7, EntryBundle.MaxEntry)).Outcome);
        }

        await log.AppendAsync(1000, 1024, 1);
        var result = await log.VerifyAsync();
        Assert.True(result.Holds, result.ToString());
        Assert.InRange(store.Largest, 1, 1024 * 1024);
    }

    [Fact]
    public async Task Append_QueueFull_IsBusy()
    {
        var gate = new GatedStore(_store);
        await using var log = new TestLog(gate, _key, options: new SequencerOptions { QueuedRequests = 2 });
        await log.WaitAsync(s => s.Phase == SequencerPhase.Ready);
        gate.Close();
        var waiting = Enumerable.Range(0, 20).Select(i => log.AppendAsync(i, 1, producer: "p" + i)).ToArray();
        Assert.Contains(waiting, t => t.IsCompleted && t.Result.Outcome == AppendOutcome.Busy);
        gate.Open();
        var results = await Task.WhenAll(waiting);
        Assert.Contains(results, r => r.Outcome == AppendOutcome.Appended);
    }

    [Fact]
    public async Task Append_ClockWentBack_SignsNothingUntilItIsMended()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero)) { AutoAdvanceAmount = TimeSpan.Zero };
        await using (var log = new TestLog(_store, _key, clock))
        {
            await log.AppendAsync(0, 1);
        }

        var earlier = new FakeTimeProvider(new DateTimeOffset(2029, 12, 31, 0, 0, 0, TimeSpan.Zero));
        await using var again = new TestLog(_store, _key, earlier);
        var refused = await again.AppendAsync(1, 1);
        Assert.Equal(AppendOutcome.Unavailable, refused.Outcome);
        Assert.Contains("clock", refused.Reason, StringComparison.Ordinal);
        earlier.Advance(TimeSpan.FromDays(2));
        Assert.Equal(1, (await again.AppendAsync(1, 1)).First);
        Assert.Equal(SequencerPhase.Ready, again.Sequencer.Status.Phase);
    }

    [Fact]
    public async Task TwoSequencers_OnOneLog_FenceEachOther_AndNeverFork()
    {
        await using var one = new TestLog(_store, _key);
        await one.AppendAsync(0, 1, producer: "one");
        await using var two = new TestLog(_store, _key);
        for (var i = 1; i < 30; i++)
        {
            var result = await AgainAsync(i % 2 == 0 ? one : two, i);
            Assert.Equal(i, result.First);
        }

        var verified = await one.VerifyAsync();
        Assert.True(verified.Holds, verified.ToString());

        static async Task<AppendResult> AgainAsync(TestLog log, int i)
        {
            // The first try of whoever lost the log finds that out; it loads, and the second holds.
            for (var tries = 0; ; tries++)
            {
                var result = await log.AppendAsync(i, 1, producer: "one");
                if (result.IsLogged || tries == 20)
                {
                    return result;
                }

                await log.WaitAsync(s => s.Phase == SequencerPhase.Ready);
            }
        }
    }

    [Fact]
    public async Task Load_HeadsFromAnOldBackup_Halts()
    {
        LedgerRow old;
        await using (var log = new TestLog(_store, _key))
        {
            await log.AppendAsync(0, 5);
            old = (await _store.ReadAsync(LedgerKeys.Head, TestContext.Current.CancellationToken))!.Value;
            await log.AppendAsync(5, 5);
        }

        var head = (await _store.ReadAsync(LedgerKeys.Head, TestContext.Current.CancellationToken))!.Value;
        await _store.WriteAsync(LedgerKeys.Head, old.Value, head.ETag, TestContext.Current.CancellationToken);
        await HaltsAsync("old copy");
    }

    [Fact]
    public async Task Load_HeadLost_Halts_AndNeverBeginsAnew()
    {
        await using (var log = new TestLog(_store, _key))
        {
            await log.AppendAsync(0, 5);
        }

        await _store.DeleteAsync(LedgerKeys.Head, TestContext.Current.CancellationToken);
        await HaltsAsync("old copy");
    }

    [Fact]
    public async Task Load_WithAnotherKey_Halts()
    {
        await using (var log = new TestLog(_store, _key))
        {
            await log.AppendAsync(0, 5);
        }

        using var other = TestLog.NewKey();
        await using var stolen = new TestLog(_store, other);
        var status = await stolen.WaitAsync(s => s.Phase == SequencerPhase.Halted);
        Assert.Contains("ledger-key", status.Reason, StringComparison.Ordinal);
        Assert.Equal(AppendOutcome.Unavailable, (await stolen.AppendAsync(5, 1)).Outcome);
    }

    [Fact]
    public async Task Load_AnyByteOfTheTailFlipped_Halts()
    {
        await using (var log = new TestLog(_store, _key))
        {
            await log.AppendAsync(0, 3);
        }

        var key = LedgerKeys.Tail(3);
        var good = _store.Bodies[key].ToArray();
        for (var i = 0; i < good.Length; i += 7)
        {
            var bad = good.ToArray();
            bad[i] ^= 1;
            _store.Bodies[key] = bad;
            await HaltsAsync("damaged");
        }

        _store.Bodies.Remove(key);
        await HaltsAsync("missing");
    }

    [Fact]
    public async Task Load_AnyByteOfTheHeadFlipped_Halts()
    {
        await using (var log = new TestLog(_store, _key))
        {
            await log.AppendAsync(0, 3);
        }

        var good = (await _store.ReadAsync(LedgerKeys.Head, TestContext.Current.CancellationToken))!.Value.Value.ToArray();
        for (var i = 0; i < good.Length; i += 11)
        {
            var bad = good.ToArray();
            bad[i] ^= 1;
            await _store.WriteAsync(LedgerKeys.Head, bad, (await _store.ReadAsync(LedgerKeys.Head, TestContext.Current.CancellationToken))!.Value.ETag, TestContext.Current.CancellationToken);
            await HaltsAsync("damaged");
        }
    }

    [Fact]
    public async Task Append_TheStoreAltersWhatItTakes_IsNeverSigned()
    {
        await using (var log = new TestLog(_store, _key))
        {
            await log.AppendAsync(0, 3);
        }

        await using var bad = new TestLog(new AlteringStore(_store), _key);
        Assert.Equal(AppendOutcome.Unavailable, (await bad.AppendAsync(3, 1)).Outcome);
        await bad.WaitAsync(s => s.Phase == SequencerPhase.Halted);
        await using var good = new TestLog(_store, _key);
        Assert.Equal(3, (await good.VerifyAsyncWhenReady()).Entries);
    }

    private async Task HaltsAsync(string why)
    {
        await using var log = new TestLog(_store, _key);
        var status = await log.WaitAsync(s => s.Phase == SequencerPhase.Halted);
        Assert.Contains(why, status.Reason, StringComparison.Ordinal);
    }
}
