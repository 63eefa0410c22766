using EdgeMesh.Sidecar.Cel;
using EdgeMesh.Sidecar.Resiliency;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Resiliency;

/// <summary>When a breaker opens, tries and closes again.</summary>
public sealed class CircuitBreakerTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void FailuresInARow_ReachTheCondition_NothingPassesUntilTheTimeoutIsOver()
    {
        var breaker = Breaker("consecutiveFailures >= 2");
        Fail(breaker);
        Assert.NotNull(breaker.Enter(out _));
        Fail(breaker);
        Assert.Null(breaker.Enter(out var refusal));
        Assert.Equal("circuit breaker is open", refusal);
        _clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Null(breaker.Enter(out _));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull(breaker.Enter(out _));
    }

    [Fact]
    public void HalfOpen_OnlySoManyCallsTry_AndOneFailureOpensAgain()
    {
        var breaker = Breaker("consecutiveFailures >= 1");
        Fail(breaker);
        _clock.Advance(TimeSpan.FromSeconds(10));
        var trial = breaker.Enter(out _);
        Assert.Null(breaker.Enter(out var refusal));
        Assert.Equal("too many requests", refusal);
        breaker.Leave(trial!.Value, succeeded: false);
        Assert.Null(breaker.Enter(out refusal));
        Assert.Equal("circuit breaker is open", refusal);
        _clock.Advance(TimeSpan.FromSeconds(10));
        breaker.Leave(breaker.Enter(out _)!.Value, succeeded: true);
        Assert.NotNull(breaker.Enter(out _));
        Assert.NotNull(breaker.Enter(out _));
    }

    [Fact]
    public void SuccessInBetween_AConditionOnARow_StaysClosed()
    {
        var breaker = Breaker("consecutiveFailures >= 2");
        Fail(breaker);
        breaker.Leave(breaker.Enter(out _)!.Value, succeeded: true);
        Fail(breaker);
        Assert.NotNull(breaker.Enter(out _));
    }

    [Fact]
    public void Interval_IsOver_CountsBeginAnew()
    {
        var breaker = Breaker("totalFailures >= 2", interval: TimeSpan.FromSeconds(5));
        Fail(breaker);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Fail(breaker);
        Assert.NotNull(breaker.Enter(out _));
        Fail(breaker);
        Assert.Null(breaker.Enter(out _));
    }

    [Fact]
    public void NoCondition_SixFailuresInARow_Open()
    {
        var breaker = new CircuitBreaker(new CircuitBreakerRule(), _clock);
        for (var i = 0; i < 5; i++)
        {
            Fail(breaker);
        }

        Assert.NotNull(breaker.Enter(out _));
        Fail(breaker);
        Assert.Null(breaker.Enter(out _));
    }

    [Fact]
    public void CallThatBeganBeforeItOpened_EndsWhileHalfOpen_SaysNothing()
    {
        var breaker = Breaker("consecutiveFailures >= 1");
        var early = breaker.Enter(out _)!.Value;
        Fail(breaker);
        _clock.Advance(TimeSpan.FromSeconds(10));
        var trial = breaker.Enter(out _)!.Value;
        breaker.Leave(early, succeeded: true);
        Assert.Null(breaker.Enter(out _));
        breaker.Leave(trial, succeeded: true);
        Assert.NotNull(breaker.Enter(out _));
    }

    private CircuitBreaker Breaker(string trip, TimeSpan interval = default)
    {
        Assert.True(CelExpression.TryParse(trip, CircuitBreakerRule.Variables, out var condition, out var fault), fault);
        return new CircuitBreaker(new CircuitBreakerRule { Trip = condition, Timeout = TimeSpan.FromSeconds(10), Interval = interval }, _clock);
    }

    private static void Fail(CircuitBreaker breaker) => breaker.Leave(breaker.Enter(out _)!.Value, succeeded: false);
}
