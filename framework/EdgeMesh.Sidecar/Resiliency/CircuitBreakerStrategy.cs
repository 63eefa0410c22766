using Polly;

namespace EdgeMesh.Sidecar.Resiliency;

/// <summary>A breaker in a pipeline. Polly's own decides by a ratio, and Dapr's by a condition over counts.</summary>
internal sealed class CircuitBreakerStrategy(CircuitBreaker breaker) : ResilienceStrategy<Attempt>
{
    protected override async ValueTask<Outcome<Attempt>> ExecuteCore<TState>(
        Func<ResilienceContext, TState, ValueTask<Outcome<Attempt>>> callback, ResilienceContext context, TState state)
    {
        if (breaker.Enter(out var refusal) is not { } generation)
        {
            return Outcome.FromException<Attempt>(new CircuitOpenException(refusal!));
        }

        var outcome = await callback(context, state);
        breaker.Leave(generation, outcome is { Exception: null, Result.Failure: null });
        return outcome;
    }
}
