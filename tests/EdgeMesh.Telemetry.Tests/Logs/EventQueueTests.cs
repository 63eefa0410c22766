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
        var written = 0;
        var queue = new EventQueue(_ => Interlocked.Increment(ref written));
        queue.Dispose();

        Assert.False(queue.TryAdd(Some()));
        Assert.False(queue.TryAdd(Some()));
        queue.Dispose();
        Assert.Equal(0, written);
    }

    [Fact]
    public void Dispose_WhileOthersAdd_LosesNothingThatItTook()
    {
        var (written, taken, refused) = (0, 0, 0);
        var queue = new EventQueue(_ => Interlocked.Increment(ref written));
        using var hasEnded = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 4).Select(_ => new Thread(() =>
        {
            while (!hasEnded.IsCancellationRequested)
            {
                Interlocked.Increment(ref queue.TryAdd(Some()) ? ref taken : ref refused);
            }
        })).ToList();
        callers.ForEach(c => c.Start());
        SpinWait.SpinUntil(() => Volatile.Read(ref taken) > EventQueue.Limit);
        queue.Dispose();
        hasEnded.Cancel();
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

    [Theory]
    [InlineData("scalar", true)]
    [InlineData("list", true)]
    [InlineData("structure", true)]
    [InlineData("map", true)]
    [InlineData("small", false)]
    public void TryAdd_AnEventOfMuchContent_DoesNotKeepItWaiting(string shape, bool isLarge)
    {
        var (text, few) = (new ScalarValue(new string('x', EventSize.Limit)), new ScalarValue(7));
        LogEventPropertyValue value = shape switch
        {
            "scalar" => new ScalarValue(new string('x', EventSize.Limit + 1)),
            "list" => new SequenceValue([.. Enumerable.Repeat(few, EventSize.Limit)]),
            "structure" => new StructureValue([new("Inner", new StructureValue([new("Text", text), new("More", few)]))]),
            "map" => new DictionaryValue([new(new ScalarValue("key"), text)]),
            _ => new SequenceValue([.. Enumerable.Repeat(few, 100)]),
        };
        using var queue = new EventQueue(_ => { });

        Assert.Equal(!isLarge, queue.TryAdd(new(DateTimeOffset.UnixEpoch, LogEventLevel.Information, null, Template, [new("Value", value)])));
    }

    private static LogEvent Some() => new(DateTimeOffset.UnixEpoch, LogEventLevel.Information, null, Template, []);
}
