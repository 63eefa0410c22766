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
        private const int WaitingForHost = 5, Reserve = 2, OfOne = 6;
        private readonly Random _random = new(seed);
        private readonly FunctionQueue[] _queues =
            [.. Enumerable.Range(0, 4).Select(i => new FunctionQueue(new FunctionModule(null!, $"function-{i}", _ => { }), new FunctionShare { Concurrency = OfOne }))];

        private readonly List<Begun> _begun = [];
        private FairScheduler _scheduler = null!;
        private int _threads;

        private int Working => _begun.Count(b => !b.IsAway);

        public void Run()
        {
            _scheduler = new FairScheduler(new SandboxOptions { Concurrency = concurrency, WaitingForHost = WaitingForHost }, TimeProvider.System, () => _threads++);
            for (var step = 0; step < Steps; step++)
            {
                Act();
                while (_queues.Where(MayBegin).ToArray() is { Length: > 0 } may)
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
                    _ = _scheduler.Enqueue(_queues[_random.Next(_queues.Length)], new CallInput(), CancellationToken.None);
                    break;
            }
        }

        private bool MayBegin(FunctionQueue queue)
        {
            var (own, working) = (_begun.Count(b => b.Queue == queue), Working);
            var isBeside = concurrency > 1 && working >= concurrency && _begun.Where(b => !b.IsAway).Select(b => b.Queue).Distinct().Count() == 1 && _begun.All(b => b.IsAway || b.Queue != queue);
            return queue.Waiting.Count > 0 && own < OfOne && (working < concurrency || isBeside) && _begun.Count < concurrency + WaitingForHost - (own > 0 ? Reserve : 0);
        }
    }

    private sealed class Begun(FunctionQueue queue, PendingCall call)
    {
        public FunctionQueue Queue => queue;

        public PendingCall Call => call;

        public bool IsAway { get; set; }
    }
}
