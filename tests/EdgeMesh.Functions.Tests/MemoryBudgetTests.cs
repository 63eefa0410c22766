using EdgeMesh.Functions.Scheduling;

namespace EdgeMesh.Functions.Tests;

/// <summary>What all calls under way may have of memory together. The threads are the test's own.</summary>
public sealed class MemoryBudgetTests
{
    private const int MiB = 1024 * 1024;

    private readonly FairScheduler _scheduler;
    private int _threads;
    private int _taken;
    private int _functions;

    public MemoryBudgetTests() =>
        _scheduler = new FairScheduler(new SandboxOptions { Concurrency = 2, WaitingForHost = 16, MemoryBytes = 512 * MiB }, TimeProvider.System, () => _threads++);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void GiveUp_OfCallsThatHaveAllTheMemory_LetsNothingBeginBeyondIt()
    {
        for (var i = 0; i < 10; i++)
        {
            Queue(128 * MiB, calls: 1);
        }

        Assert.Equal(4, BeginWhileAllWaitForTheHost());
    }

    [Fact]
    public void GiveUp_OfOneFunctionsCalls_KeepsHalfOfTheMemoryForWhatTheyCall()
    {
        Queue(128 * MiB, calls: 10);
        Assert.Equal(2, BeginWhileAllWaitForTheHost());

        var called = Queue(128 * MiB, calls: 1);

        Assert.Equal((1, 1), (BeginWhileAllWaitForTheHost(), called.Running));
    }

    /// <summary>Each caller has less than half, and all together would have the whole.</summary>
    [Fact]
    public void GiveUp_OfSeveralCallersThatHaveAllTheMemoryButTheReserve_LetsWhatTheyCallBegin()
    {
        Queue(64 * MiB, calls: 10);
        Queue(64 * MiB, calls: 10);
        Assert.Equal(6, BeginWhileAllWaitForTheHost());

        var called = Queue(128 * MiB, calls: 1);

        Assert.Equal((1, 1), (BeginWhileAllWaitForTheHost(), called.Running));
    }

    [Fact]
    public void Finished_OfACallThatHadTheMemory_LetsTheNextBegin()
    {
        var large = Queue(512 * MiB, calls: 1);
        _taken++;
        var (_, call) = _scheduler.Take()!.Value;
        _scheduler.GiveUp(large);
        var small = Queue(64 * MiB, calls: 1);
        Assert.Equal(0, BeginWhileAllWaitForTheHost());

        _scheduler.TakeBack(large);
        _scheduler.Finished(large, call, TimeSpan.FromMilliseconds(1));

        Assert.Same(small, Take());
    }

    [Fact]
    public void Enqueue_OfOneThatDoesNotFit_LetsAnothersFirstCallBeginThatDoes()
    {
        Queue(384 * MiB, calls: 1);
        Assert.Equal(1, BeginWhileAllWaitForTheHost());

        var (large, small) = (Queue(256 * MiB, calls: 1), Queue(64 * MiB, calls: 1));

        Assert.Equal((1, 0, 1), (BeginWhileAllWaitForTheHost(), large.Running, small.Running));
    }

    /// <summary>Small calls come again and again: if each began beside the others, the memory for a large one would never be free.</summary>
    [Fact]
    public void Enqueue_OfASecondCallWhileALargeOneIsFirstInTurn_WaitsUntilItHasBegun()
    {
        var small = Queue(64 * MiB, calls: 1);
        _taken++;
        var (_, first) = _scheduler.Take()!.Value;
        _scheduler.GiveUp(small);
        var large = Queue(512 * MiB, calls: 1);

        Enqueue(small, 64 * MiB, calls: 10);

        Assert.Equal(0, BeginWhileAllWaitForTheHost());
        _scheduler.TakeBack(small);
        _scheduler.Finished(small, first, TimeSpan.FromMilliseconds(1));
        Assert.Same(large, Take());
    }

    /// <summary>How many begin when each that does waits for the host at once: as long as the scheduler asks for a thread for one more.</summary>
    private int BeginWhileAllWaitForTheHost()
    {
        var begun = 0;
        for (; _threads > _taken; begun++)
        {
            _scheduler.GiveUp(Take());
        }

        return begun;
    }

    private FunctionQueue Take()
    {
        _taken++;
        return _scheduler.Take()!.Value.Queue;
    }

    private FunctionQueue Queue(int memory, int calls)
    {
        var queue = new FunctionQueue(new FunctionModule(null!, $"function-{_functions++}", _ => { }), new FunctionShare { Concurrency = 100 });
        Enqueue(queue, memory, calls);
        return queue;
    }

    private void Enqueue(FunctionQueue queue, int memory, int calls)
    {
        for (var i = 0; i < calls; i++)
        {
            _ = _scheduler.Enqueue(queue, new CallInput { Limits = new CallLimits { MemoryBytes = memory } }, Cancel);
        }
    }
}
