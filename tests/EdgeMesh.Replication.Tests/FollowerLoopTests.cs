using Microsoft.Extensions.Logging.Abstractions;
using static EdgeMesh.Replication.Tests.TestJournal;

namespace EdgeMesh.Replication.Tests;

public sealed class FollowerLoopTests : IAsyncLifetime
{
    private readonly MemoryJournalStore _store = new();
    private Journal _journal = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _journal = await OpenAsync(_store);

    public ValueTask DisposeAsync() => _journal.DisposeAsync();

    [Fact]
    public async Task Start_RecordsBeforeAndAfter_AreAppliedInOrder()
    {
        var seen = new Collector();
        await WriteAsync(0, 5);
        await using var loop = Loop(seen);
        loop.Start();
        await WriteAsync(5, 5);

        await ReachAsync(loop);

        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"clinic-a-{i}"), seen.Ids);
        Assert.True(loop.IsCaughtUp);
        Assert.Equal(new FollowerState("collector", _journal.Head, 0, null), loop.State);
    }

    [Fact]
    public async Task Apply_FailsBeforeAndAfterItStored_AppliesEachRecordOnce()
    {
        var seen = new Collector { Failures = new Queue<bool>([false, true, true, false, true]) };
        await using var loop = Loop(seen);
        loop.Start();
        for (var i = 0; i < 8; i++)
        {
            await WriteAsync(i, 1);
            await ReachAsync(loop);
        }

        Assert.Equal(Enumerable.Range(0, 8).Select(i => $"clinic-a-{i}"), seen.Ids);
        Assert.Null(loop.Failure);
    }

    [Fact]
    public async Task Apply_KeepsFailing_SaysWhyAndHowFarBehind()
    {
        var seen = new Collector { Failures = new Queue<bool>(Enumerable.Repeat(false, 1_000)) };
        await using var loop = Loop(seen);
        await WriteAsync(0, 3);
        loop.Start();
        while (loop.Failure is null)
        {
            await Task.Delay(5, Cancel);
        }

        Assert.Equal(new FollowerState("collector", Position.Start, 3, "broken"), loop.State);
        Assert.False(loop.IsCaughtUp);
    }

    [Fact]
    public async Task StopAsync_ThenStart_GoesOnWhereItWas()
    {
        var seen = new Collector();
        await using var loop = Loop(seen);
        loop.Start();
        await WriteAsync(0, 2);
        await ReachAsync(loop);
        await loop.StopAsync();
        await WriteAsync(2, 2);
        Assert.Equal(2, loop.State.Lag);

        loop.Start();
        await ReachAsync(loop);

        Assert.Equal(4, seen.Ids.Count);
    }

    [Fact]
    public async Task ReplayAsync_FromAPosition_BringsTheRestAgain()
    {
        var seen = new Collector();
        await using var loop = Loop(seen);
        loop.Start();
        await WriteAsync(0, 4);
        await ReachAsync(loop);

        await loop.ReplayAsync(new Position(1, 2, 0));
        await ReachAsync(loop);

        Assert.Equal(["clinic-a-0", "clinic-a-1", "clinic-a-2", "clinic-a-3", "clinic-a-2", "clinic-a-3"], seen.Ids);
    }

    [Fact]
    public async Task RebuildAsync_DropsTheOutputAndBringsAllAgain()
    {
        var seen = new Collector();
        await using var loop = Loop(seen);
        loop.Start();
        await WriteAsync(0, 3);
        await ReachAsync(loop);
        seen.CanReset = false;
        await Assert.ThrowsAsync<NotSupportedException>(() => loop.RebuildAsync(Cancel));
        seen.CanReset = true;

        await loop.RebuildAsync(Cancel);
        await ReachAsync(loop);

        Assert.Equal(["clinic-a-0", "clinic-a-1", "clinic-a-2"], seen.Ids);
        Assert.Equal(1, seen.Resets);
    }

    [Fact]
    public async Task Apply_CollectionThatIsNotRead_ComesWithoutBodies()
    {
        var seen = new Collector { Collection = "Consent" };
        await using var loop = Loop(seen);
        await _journal.WriteAsync(new Change(new DocumentKey("Consent", "clinic-a-1"), null, Bytes("consent")), Create("clinic-a-2", "patient"));
        loop.Start();

        await ReachAsync(loop);

        Assert.Equal(["consent", ""], seen.Bodies);
    }

    [Fact]
    public async Task FollowerPosition_SavedAndReadAnew_IsTheSame()
    {
        var position = new FollowerPosition(_store, _journal.Name, "audit");
        Assert.Equal(Position.Start, await position.GetAsync(Cancel));
        await position.SaveAsync(new Position(1, 2, 3), Cancel);
        Assert.Equal(new Position(1, 2, 3), await new FollowerPosition(_store, _journal.Name, "audit").GetAsync(Cancel));
        Assert.Equal(Position.Start, await new FollowerPosition(_store, _journal.Name, "other").GetAsync(Cancel));
    }

    private FollowerLoop Loop(IFollower follower) => new(_journal, follower, TimeProvider.System, NullLogger.Instance);

    private async Task ReachAsync(FollowerLoop loop) => await loop.ReachAsync(_journal.Head, Cancel).WaitAsync(TimeSpan.FromSeconds(15), Cancel);

    private async Task WriteAsync(int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            await _journal.WriteAsync(Create($"clinic-a-{i}"));
        }
    }

    /// <summary>Stores its position with its output.</summary>
    private sealed class Collector : IFollower
    {
        private Position _position;

        public List<string> Ids { get; } = [];

        public List<string> Bodies { get; } = [];

        public string? Collection { get; init; }

        public int Resets { get; private set; }

        public bool CanReset { get; set; } = true;

        /// <summary>Each makes one call fail: true after the output was stored, false before.</summary>
        public Queue<bool> Failures { get; init; } = [];

        public string Name => "collector";

        public bool Reads(string collection) => Collection is null || collection == Collection;

        public ValueTask<Position> GetPositionAsync(CancellationToken cancellation) => ValueTask.FromResult(_position);

        public ValueTask ApplyAsync(JournalPage page, CancellationToken cancellation)
        {
            var isFailing = Failures.TryDequeue(out var isStored);
            if (!isFailing || isStored)
            {
                Ids.AddRange(page.Records.Select(r => r.Document!.Key.Id));
                Bodies.AddRange(page.Records.Select(r => Text(r.Document!.Body)));
                _position = page.Next;
            }

            return isFailing ? throw new InvalidOperationException("broken") : ValueTask.CompletedTask;
        }

        public ValueTask ResetAsync(CancellationToken cancellation)
        {
            if (!CanReset)
            {
                throw new NotSupportedException();
            }

            Ids.Clear();
            _position = Position.Start;
            Resets++;
            return ValueTask.CompletedTask;
        }
    }
}
