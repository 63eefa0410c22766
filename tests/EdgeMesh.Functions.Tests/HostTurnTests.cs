using EdgeMesh.Functions.Scheduling;

namespace EdgeMesh.Functions.Tests;

/// <summary>Who may work while calls wait for the host. The threads are the test's own, and it counts how many the scheduler asks for.</summary>
public sealed class HostTurnTests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private int _started;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Enqueue_MoreCallsThanMayWork_StartsAsManyThreadsAsMayWork()
    {
        var scheduler = Scheduler(concurrency: 2);
        var function = Queue("function");
        Enqueue(scheduler, function, 10);
        scheduler.Take();
        scheduler.Take();

        Assert.Equal(2, _started);
    }

    [Fact]
    public void GiveUp_WhileAnotherWaits_StartsOneThreadMoreForIt()
    {
        var scheduler = Scheduler(concurrency: 1);
        var function = Queue("function");
        Enqueue(scheduler, function, 10);
        scheduler.Take();
        Assert.Equal(1, _started);

        scheduler.GiveUp(function);

        Assert.Equal(2, _started);
        Assert.NotNull(scheduler.Take());
    }

    [Fact]
    public void GiveUp_OfAllThreadsThatThereMayBe_LetsThemGoOnWhenTheHostAnswers()
    {
        var scheduler = Scheduler(concurrency: 1, waitingForHost: 1);
        var (function, other) = (Queue("function"), Queue("other"));
        Enqueue(scheduler, function, 1);
        Enqueue(scheduler, other, 10);
        scheduler.Take();
        scheduler.GiveUp(function);
        scheduler.Take();
        scheduler.GiveUp(other);
        Assert.Equal(2, _started);

        scheduler.TakeBack(function);

        Assert.Equal(1, function.Working);
    }

    [Fact]
    public void TakeBack_WhileOthersHaveAllTheRoom_GoesOnAtOnce_AndNothingBeginsBesideThem()
    {
        var scheduler = Scheduler(concurrency: 1);
        var (function, other) = (Queue("function"), Queue("other"));
        Enqueue(scheduler, function, 1);
        Enqueue(scheduler, other, 10);
        scheduler.Take();
        scheduler.GiveUp(function);
        scheduler.Take();

        scheduler.TakeBack(function);

        Assert.Equal((1, 1, 2), (function.Working, other.Working, _started));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task TakeBack_OfManyCallsThatAskTheHostAgainAndAgain_LetsAllEnd(int concurrency)
    {
        const int Functions = 3, Calls = 20, Rounds = 20;
        var ended = new CountdownEvent(Functions * Calls);
        using var closed = new CountdownEvent(1);
        FairScheduler scheduler = null!;
        scheduler = new FairScheduler(
            new SandboxOptions { Concurrency = concurrency, WaitingForHost = 4 }, TimeProvider.System, () => { closed.AddCount(); new Thread(Run) { IsBackground = true }.Start(); });
        var queues = Enumerable.Range(0, Functions).Select(i => Queue($"function-{i}")).ToArray();
        foreach (var queue in queues)
        {
            Enqueue(scheduler, queue, Calls);
        }

        Assert.True(await Task.Factory.StartNew(() => ended.Wait(Long, Cancel), Cancel, TaskCreationOptions.LongRunning, TaskScheduler.Default));
        scheduler.Close([]);
        closed.Signal();
        Assert.True(closed.Wait(Long, Cancel));
        Assert.All(queues, q => Assert.Equal((0, 0), (q.Running, q.Away)));

        void Run()
        {
            while (scheduler.Take() is var (queue, call))
            {
                for (var i = 0; i < Rounds; i++)
                {
                    Thread.SpinWait(200);
                    scheduler.GiveUp(queue);
                    Thread.Yield();
                    scheduler.TakeBack(queue);
                }

                scheduler.Finished(queue, call, TimeSpan.FromMilliseconds(1));
                ended.Signal();
            }

            closed.Signal();
        }
    }

    /// <summary>A's two calls compute for long; B's first waited for the host while its second worked, and both are over.</summary>
    [Fact]
    public void Enqueue_WhileOneFunctionHasAllTheRoomAgain_LetsAnotherBegin()
    {
        var scheduler = Scheduler(concurrency: 2);
        var (a, b, c) = (Queue("a"), Queue("b"), Queue("c"));
        Enqueue(scheduler, a, 2);
        scheduler.Take();
        scheduler.Take();
        Enqueue(scheduler, b, 2);
        var (_, first) = scheduler.Take()!.Value;
        scheduler.GiveUp(b);
        var (_, second) = scheduler.Take()!.Value;
        scheduler.TakeBack(b);
        scheduler.Finished(b, first, TimeSpan.FromMilliseconds(1));
        scheduler.Finished(b, second, TimeSpan.FromMilliseconds(1));

        Enqueue(scheduler, c, 1);

        Assert.Same(c, scheduler.Take()!.Value.Queue);
    }

    /// <summary>All callers wait for what they call: it has a place all the same.</summary>
    [Fact]
    public void GiveUp_OfSeveralCallersThatHaveAllPlacesButTheReserve_LetsWhatTheyCallBegin()
    {
        var scheduler = Scheduler(concurrency: 2, waitingForHost: 4);
        var (one, other, called) = (Queue("one"), Queue("other"), Queue("called"));
        Enqueue(scheduler, one, 10);
        Enqueue(scheduler, other, 10);
        for (var taken = 0; taken < _started; taken++)
        {
            scheduler.GiveUp(scheduler.Take()!.Value.Queue);
        }

        Assert.Equal((4, 4), (_started, one.Running + other.Running));
        Enqueue(scheduler, called, 1);

        Assert.Equal(5, _started);
        Assert.Same(called, scheduler.Take()!.Value.Queue);
    }

    private FairScheduler Scheduler(int concurrency, int waitingForHost = 16) =>
        new(new SandboxOptions { Concurrency = concurrency, WaitingForHost = waitingForHost }, TimeProvider.System, () => _started++);

    private static FunctionQueue Queue(string name) => new(new FunctionModule(null!, name, _ => { }), new FunctionShare { Concurrency = 100 });

    private static void Enqueue(FairScheduler scheduler, FunctionQueue queue, int calls)
    {
        for (var i = 0; i < calls; i++)
        {
            _ = scheduler.Enqueue(queue, new CallInput(), Cancel);
        }
    }
}
