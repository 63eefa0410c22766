using EdgeMesh.Sidecar.BuildingBlocks.Actors;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Actors;

public sealed class ActorInstanceTests
{
    private const int QueueLimit = 2;

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(60));

    [Fact]
    public async Task Enter_WhileAnotherIsIn_WaitsAndComesInOrder()
    {
        var actor = Actor();
        Assert.Equal(Turn.Entered, await EnterAsync(actor));
        var (second, third) = (EnterAsync(actor), EnterAsync(actor));
        Assert.False(second.IsCompleted || third.IsCompleted);

        actor.Leave(_clock.GetUtcNow());
        Assert.Equal(Turn.Entered, await second);
        Assert.False(third.IsCompleted);
        actor.Leave(_clock.GetUtcNow());

        Assert.Equal(Turn.Entered, await third);
    }

    [Fact]
    public async Task Enter_QueueFull_IsToldAtOnce()
    {
        var actor = Actor();
        await EnterAsync(actor);
        _ = EnterAsync(actor);
        _ = EnterAsync(actor);

        Assert.Equal(Turn.QueueFull, await EnterAsync(actor));
    }

    [Fact]
    public async Task Enter_GivenUp_MakesRoomAndLetsTheNextIn()
    {
        var actor = Actor();
        await EnterAsync(actor);
        using var impatience = new CancellationTokenSource();
        var gone = actor.EnterAsync(null, impatience.Token);
        var next = EnterAsync(actor);

        await impatience.CancelAsync();
        actor.Leave(_clock.GetUtcNow());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        Assert.Equal(Turn.Entered, await next);
    }

    [Fact]
    public async Task Enter_SameChainOfAReentrantType_IsInAtOnceAndTheActorFreeOnlyAfterAll()
    {
        var actor = Actor(new ActorSettings { Reentrant = true, MaxStackDepth = 2 });
        Assert.Equal(Turn.Entered, await EnterAsync(actor, "chain"));
        Assert.Equal(Turn.Entered, await EnterAsync(actor, "chain"));
        Assert.Equal(Turn.TooDeep, await EnterAsync(actor, "chain"));
        var other = EnterAsync(actor, "other");

        actor.Leave(_clock.GetUtcNow());
        Assert.False(other.IsCompleted);
        actor.Leave(_clock.GetUtcNow());

        Assert.Equal(Turn.Entered, await other);
    }

    [Fact]
    public async Task Enter_SameChainOfATypeThatIsNotReentrant_Waits()
    {
        var actor = Actor();
        await EnterAsync(actor, "chain");
        Assert.False(EnterAsync(actor, "chain").IsCompleted);
    }

    [Fact]
    public async Task CloseIdle_InUseOrUsedSince_IsNotDone()
    {
        var actor = Actor();
        await EnterAsync(actor);
        _clock.Advance(TimeSpan.FromHours(2));
        Assert.False(actor.TryCloseIdle(_clock.GetUtcNow(), out var next));
        Assert.Equal(_clock.GetUtcNow().AddHours(1), next);
        actor.Leave(_clock.GetUtcNow());
        _clock.Advance(TimeSpan.FromMinutes(59));
        Assert.False(actor.TryCloseIdle(_clock.GetUtcNow(), out next));
        Assert.Equal(_clock.GetUtcNow().AddMinutes(1), next);
        _clock.Advance(TimeSpan.FromMinutes(1));

        Assert.True(actor.TryCloseIdle(_clock.GetUtcNow(), out next));
        Assert.Null(next);
        Assert.False(actor.TryCloseIdle(_clock.GetUtcNow(), out _));
        Assert.Equal(Turn.Closed, await EnterAsync(actor));
    }

    [Fact]
    public async Task Close_WhileCalled_SendsWaitersAwayAndWaitsForTheCall()
    {
        var actor = Actor();
        await EnterAsync(actor);
        var waiter = EnterAsync(actor);

        var closing = actor.CloseAsync(TimeSpan.FromSeconds(10), _clock);
        Assert.Equal(Turn.Closed, await waiter);
        Assert.False(closing.IsCompleted || actor.Aborted.IsCancellationRequested);
        actor.Leave(_clock.GetUtcNow());

        Assert.True(await closing);
        Assert.False(await actor.CloseAsync(TimeSpan.FromSeconds(10), _clock));
    }

    [Fact]
    public async Task Close_WhileCalledForTooLong_AbortsTheCall()
    {
        var actor = Actor();
        await EnterAsync(actor);

        var closing = actor.CloseAsync(TimeSpan.FromSeconds(10), _clock);
        _clock.Advance(TimeSpan.FromSeconds(10));
        await using var registration = actor.Aborted.Register(() => actor.Leave(_clock.GetUtcNow()));

        Assert.True(await closing.WaitAsync(TestSidecar.Cancellation));
    }

    private ActorInstance Actor(ActorSettings? settings = null) => new(settings ?? ActorSettings.Default, QueueLimit, _clock.GetUtcNow());

    private static Task<Turn> EnterAsync(ActorInstance actor, string? chain = null) => actor.EnterAsync(chain, TestSidecar.Cancellation);
}
