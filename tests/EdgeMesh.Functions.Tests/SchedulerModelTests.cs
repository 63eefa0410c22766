using EdgeMesh.Functions.Scheduling;

namespace EdgeMesh.Functions.Tests;

/// <summary>Many turns in any order, on one thread: after each, exactly what may begin has begun.</summary>
public sealed class SchedulerModelTests
{
    private const int Steps = 4_000;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(4, 3)]
    public async Task Turns_InAnyOrder_BeginWhatHasRoomAndNothingElse(int seed, int concurrency)
    {
        var run = Task.Factory.StartNew(() => new Model(seed, concurrency).Run(), TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

        // A call that the scheduler does not give would be waited for for ever.
        await run.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
    }

    /// <summary>What the scheduler was told, and what follows from it.</summary>
    private sealed class Model(int seed, int concurrency)
    {
        private const int WaitingForHost = 5, Reserve = 2, OfOne = 6, MiB = 1024 * 1024;

        /// <summary>At times too little for all that have places.</summary>
        private const long Memory = 768 * MiB;

        private static readonly int[] OfCalls = [32 * MiB, 64 * MiB, 128 * MiB, 320 * MiB];

        private readonly Random _random = new(seed);
        private readonly FunctionQueue[] _queues =
            [.. Enumerable.Range(0, 4).Select(i => new FunctionQueue(new FunctionModule(null!, $"function-{i}", _ => { }), new FunctionShare { Concurrency = OfOne, Weight = 10 + i }))];

        private readonly List<Begun> _begun = [];
        private FairScheduler _scheduler = null!;
        private int _threads;

        private int Working => _begun.Count(b => !b.IsAway);

        public void Run()
        {
            _scheduler = new FairScheduler(new SandboxOptions { Concurrency = concurrency, WaitingForHost = WaitingForHost, MemoryBytes = Memory }, TimeProvider.System, () => _threads++);
            for (var step = 0; step < Steps; step++)
            {
                Act();
                while (MayBegin() is { Length: > 0 } may)
                {
                    Assert.True(_threads > _begun.Count, $"step {step}: a call may begin, and nobody was asked to begin it");
                    var (queue, call) = _scheduler.Take()!.Value;
                    Assert.True(may.Contains(queue), $"step {step}: {queue.Module.Digest} began beside {Working} that work");
                    _begun.Add(new Begun(queue, call));
                }

                Assert.InRange(_threads, 0, concurrency + WaitingForHost);
            }
        }

        private void Act()
        {
            var any = _begun.Count == 0 ? null : _begun[_random.Next(_begun.Count)];
            switch (_random.Next(4), any)
            {
                case (1, { IsAway: false }):
                    any.IsAway = true;
                    _scheduler.GiveUp(any.Queue);
                    break;
                case (2, { IsAway: true }):
                    any.IsAway = false;
                    _scheduler.TakeBack(any.Queue);
                    break;
                case (3, { IsAway: false }):
                    _begun.Remove(any);
                    _scheduler.Finished(any.Queue, any.Call, TimeSpan.FromMilliseconds(_random.Next(20)));
                    break;
                default:
                    var to = _random.Next(_queues.Length);
                    _ = _scheduler.Enqueue(_queues[to], new CallInput { Limits = new CallLimits { MemoryBytes = OfCalls[to] } }, CancellationToken.None);
                    break;
            }
        }

        /// <summary>Those of which a call has a place and memory; only first calls, where one comes before that lacks memory alone.</summary>
        private FunctionQueue[] MayBegin()
        {
            var inTurn = _queues.Where(HasPlace).OrderBy(q => q.Pass + q.UsualCost / q.Share.Weight).ToArray();
            var held = Array.FindIndex(inTurn, q => !HasMemory(q));
            return [.. inTurn.Where((q, i) => HasMemory(q) && (held < 0 || i < held || Own(q) == 0))];
        }

        private bool HasPlace(FunctionQueue queue)
        {
            var (own, working) = (Own(queue), Working);
            var isBeside = concurrency > 1 && working >= concurrency && _begun.Where(b => !b.IsAway).Select(b => b.Queue).Distinct().Count() == 1 && _begun.All(b => b.IsAway || b.Queue != queue);
            return queue.Waiting.Count > 0 && own < OfOne && (working < concurrency || isBeside) && _begun.Count < concurrency + WaitingForHost - (own > 0 ? Reserve : 0)
                && (own == 0 || (own + 1) * OfCall(queue) <= Memory / 2);
        }

        private bool HasMemory(FunctionQueue queue) =>
            _begun.Sum(b => OfCall(b.Queue)) + OfCall(queue) <= (Own(queue) == 0 ? Memory : Memory / 4 * 3);

        private int Own(FunctionQueue queue) => _begun.Count(b => b.Queue == queue);

        private long OfCall(FunctionQueue queue) => OfCalls[Array.IndexOf(_queues, queue)];
    }

    private sealed class Begun(FunctionQueue queue, PendingCall call)
    {
        public FunctionQueue Queue => queue;

        public PendingCall Call => call;

        public bool IsAway { get; set; }
    }
}
