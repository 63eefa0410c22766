using System.Text.Json;
using EdgeMesh.Sidecar.Cel;

namespace EdgeMesh.Sidecar.Resiliency;

/// <summary>What a circuit breaker does, as a resource says it.</summary>
internal sealed record CircuitBreakerRule
{
    /// <summary>What trip conditions are about.</summary>
    public static readonly IReadOnlyList<string> Variables = ["requests", "totalSuccesses", "totalFailures", "consecutiveSuccesses", "consecutiveFailures"];

    /// <summary>Calls that may try whether the other side is back.</summary>
    public int MaxRequests { get; init; } = 1;

    /// <summary>After which the counts of a closed breaker begin anew; zero: never.</summary>
    public TimeSpan Interval { get; init; }

    /// <summary>How long it stays open.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Null: more than five failures in a row.</summary>
    public CelExpression? Trip { get; init; }
}

/// <summary>A circuit breaker of one target: closed it counts, open it refuses, half open it lets a few calls try.</summary>
internal sealed class CircuitBreaker(CircuitBreakerRule rule, TimeProvider clock)
{
    private const int DefaultFailures = 5;

    /// <summary>Guards all that follows.</summary>
    private readonly Lock _lock = new();
    private State _state = State.Closed;
    private Counts _counts;
    private long _since = clock.GetTimestamp();

    /// <summary>Calls that began before a change of state say nothing about the new one.</summary>
    private int _generation;

    private enum State
    {
        Closed,
        HalfOpen,
        Open,
    }

    /// <summary>As daprd's metrics have it.</summary>
    public string StateName
    {
        get
        {
            lock (_lock)
            {
                Tick();
                return _state switch { State.Closed => "closed", State.HalfOpen => "half-open", _ => "open" };
            }
        }
    }

    /// <returns>What <see cref="Leave"/> is told; null: the call must not be made.</returns>
    public int? Enter(out string? refusal)
    {
        lock (_lock)
        {
            Tick();
            refusal = _state switch
            {
                State.Open => "circuit breaker is open",
                State.HalfOpen when _counts.Requests >= rule.MaxRequests => "too many requests",
                _ => null,
            };
            if (refusal is not null)
            {
                return null;
            }

            _counts.Requests++;
            return _generation;
        }
    }

    public void Leave(int generation, bool succeeded)
    {
        lock (_lock)
        {
            Tick();
            if (generation != _generation)
            {
                return;
            }

            _counts.Add(succeeded);
            if (_state == State.HalfOpen && !succeeded)
            {
                Change(State.Open);
            }
            else if (_state == State.HalfOpen && _counts.ConsecutiveSuccesses >= rule.MaxRequests)
            {
                Change(State.Closed);
            }
            else if (_state == State.Closed && !succeeded && Trips())
            {
                Change(State.Open);
            }
        }
    }

    private bool Trips() => rule.Trip is { } trip
        ? trip.Evaluate(JsonSerializer.SerializeToElement(_counts.ToDictionary(), PlainJson.Default.DictionaryStringInt32)).Holds
        : _counts.ConsecutiveFailures > DefaultFailures;

    private void Tick()
    {
        var passed = clock.GetElapsedTime(_since);
        if (_state == State.Open && passed >= rule.Timeout)
        {
            Change(State.HalfOpen);
        }
        else if (_state == State.Closed && rule.Interval > TimeSpan.Zero && passed >= rule.Interval)
        {
            Change(State.Closed);
        }
    }

    private void Change(State state)
    {
        (_state, _counts, _since) = (state, default, clock.GetTimestamp());
        _generation++;
    }

    private struct Counts
    {
        public int Requests;
        public int TotalSuccesses;
        public int TotalFailures;
        public int ConsecutiveSuccesses;
        public int ConsecutiveFailures;

        public void Add(bool succeeded)
        {
            TotalSuccesses += succeeded ? 1 : 0;
            TotalFailures += succeeded ? 0 : 1;
            ConsecutiveSuccesses = succeeded ? ConsecutiveSuccesses + 1 : 0;
            ConsecutiveFailures = succeeded ? 0 : ConsecutiveFailures + 1;
        }

        public readonly Dictionary<string, int> ToDictionary() => new()
        {
            ["requests"] = Requests,
            ["totalSuccesses"] = TotalSuccesses,
            ["totalFailures"] = TotalFailures,
            ["consecutiveSuccesses"] = ConsecutiveSuccesses,
            ["consecutiveFailures"] = ConsecutiveFailures,
        };
    }
}

/// <summary>A circuit breaker let no call through; the message is Dapr's.</summary>
internal sealed class CircuitOpenException(string message) : Exception(message);
