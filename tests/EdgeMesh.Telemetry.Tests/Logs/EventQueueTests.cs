using System.Collections.Concurrent;
using Serilog.Events;
using Serilog.Parsing;

namespace EdgeMesh.Telemetry.Tests.Logs;

public sealed class EventQueueTests
{
    private static readonly MessageTemplate Template = new MessageTemplateParser().Parse("some");

    [Fact]
    public void TryAdd_NoRoomIsLeft_SaysSoAndKeepsWhatItTook()
    {
        using var isBusy = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var written = new ConcurrentQueue<LogEvent>();
        var taken = 1;
        using (var queue = new EventQueue(e =>
        {
            isBusy.Set();
            goOn.Wait(TestContext.Current.CancellationToken);
            written.Enqueue(e);
        }))
        {
            Assert.True(queue.TryAdd(Some()));
            isBusy.Wait(TestContext.Current.CancellationToken);
            while (queue.TryAdd(Some()))
            {
                taken++;
            }

            goOn.Set();
        }

        Assert.Equal(1 + EventQueue.Limit, taken);
        Assert.Equal(taken, written.Count);
    }

    [Fact]
    public void TryAdd_ByManyAtOnce_EachIsWrittenOnceAndInItsCallersOrder()
    {
        var written = new ConcurrentQueue<LogEvent>();
        var events = Enumerable.Range(0, 4).Select(_ => Enumerable.Range(0, 900).Select(_ => Some()).ToArray()).ToArray();
        using (var queue = new EventQueue(written.Enqueue))
        {
            var callers = events.Select(own => new Thread(() => Array.ForEach(own, e => Assert.True(queue.TryAdd(e))))).ToList();
            callers.ForEach(c => c.Start());
            callers.ForEach(c => c.Join());
        }

        Assert.Equal(4 * 900, written.Count);
        Assert.All(events, own => Assert.Equal(own, written.Intersect(own)));
    }

    [Fact]
    public void TryAdd_AnEventThatCannotBeWritten_DoesNotKeepTheNextFromIt()
    {
        var (bad, good) = (Some(), Some());
        var written = new ConcurrentQueue<LogEvent>();
        using (var queue = new EventQueue(e => written.Enqueue(e == bad ? throw new FormatException("a value that fails") : e)))
        {
            queue.TryAdd(bad);
            queue.TryAdd(good);
        }

        Assert.Equal([good], written);
    }

    [Fact]
    public async Task TryAdd_AfterAPause_IsWrittenWithoutAnother()
    {
        var written = new TaskCompletionSource<LogEvent>[] { new(TaskCreationOptions.RunContinuationsAsynchronously), new(TaskCreationOptions.RunContinuationsAsynchronously) };
        var count = 0;
        using var queue = new EventQueue(e => written[count++].SetResult(e));
        foreach (var next in written)
        {
            var one = Some();
            Assert.True(queue.TryAdd(one));
            Assert.Same(one, await next.Task.WaitAsync(TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public void TryAdd_TheQueueHasEnded_SaysSo()
    {
        var queue = new EventQueue(_ => Assert.Fail("Nobody takes from it any more."));
        queue.Dispose();

        Assert.False(queue.TryAdd(Some()));
        Assert.False(queue.TryAdd(Some()));
    }

    [Fact]
    public void Dispose_WhileOthersAdd_LosesNothingThatItTook()
    {
        var (written, taken) = (0, 0);
        var queue = new EventQueue(_ => Interlocked.Increment(ref written));
        var callers = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            while (queue.TryAdd(Some()))
            {
                Interlocked.Increment(ref taken);
            }
        })).ToList();
        callers.ForEach(c => c.Start());
        queue.Dispose();
        callers.ForEach(c => c.Join());

        Assert.Equal(taken, written);
    }

    [Fact]
    public void Dispose_Twice_IsOnce()
    {
        var queue = new EventQueue(_ => { });
        queue.Dispose();
        queue.Dispose();
        Assert.False(queue.TryAdd(Some()));
    }

    private static LogEvent Some() => new(DateTimeOffset.UnixEpoch, LogEventLevel.Information, null, Template, []);
}
