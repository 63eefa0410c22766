using System.Diagnostics.CodeAnalysis;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace EdgeMesh.Sidecar.Resiliency;

/// <summary>What is done for the calls of one target: retries around circuit breakers around a time limit, as Dapr nests them.</summary>
internal sealed class ResiliencePolicy
{
    private const string Breaker = "circuitbreaker";

    private readonly ResiliencePipeline<Attempt> _pipeline;
    private readonly IReadOnlyList<CircuitBreaker> _breakers;
    private readonly bool _limits;
    private readonly ResilienceMetrics _metrics;

    public ResiliencePolicy(TimeSpan? timeout, RetryRule? retry, IReadOnlyList<CircuitBreaker> breakers, TimeProvider clock, ResilienceMetrics metrics)
    {
        (Retries, _limits, _breakers, _metrics) = (retry is not null, timeout is not null, breakers, metrics);
        var builder = new ResiliencePipelineBuilder<Attempt> { TimeProvider = clock };
        if (retry is not null)
        {
            builder.AddRetry(Options(retry));
        }

        foreach (var breaker in breakers)
        {
            Add(builder, breaker);
        }

        if (timeout is { } limit)
        {
            builder.AddTimeout(new TimeoutStrategyOptions { Timeout = limit });
        }

        _pipeline = builder.Build();
    }

    /// <summary>A call may be made more than once: what it sends must be there again.</summary>
    public bool Retries { get; }

    /// <summary>A call may be refused for those before it.</summary>
    public bool Breaks => _breakers.Count > 0;

    /// <param name="call">Made once or more. A result that is not the last is disposed.</param>
    /// <param name="judge">Null: the result is a success.</param>
    /// <param name="cancellation">Ends the call and its retries.</param>
    /// <exception cref="TimeoutException">The last attempt took too long.</exception>
    /// <exception cref="CircuitOpenException">The breaker let no call through.</exception>
    public Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> call, Func<T, CallFailure?> judge, CancellationToken cancellation) =>
        ResilienceMetrics.IsIdle ? TryAsync(call, judge, cancellation) : CountAsync(call, judge, cancellation);

    private async Task<T> TryAsync<T>(Func<CancellationToken, Task<T>> call, Func<T, CallFailure?> judge, CancellationToken cancellation)
    {
        try
        {
            var attempt = await _pipeline.ExecuteAsync(
                static async (state, token) =>
                {
                    var result = await state.call(token);
                    return new Attempt(result, state.judge(result));
                },
                (call, judge),
                cancellation);
            return (T)attempt.Result!;
        }
        catch (TimeoutRejectedException error)
        {
            throw new TimeoutException("context deadline exceeded", error);
        }
    }

    /// <summary>Which policies a call had, and which of them did something.</summary>
    private async Task<T> CountAsync<T>(Func<CancellationToken, Task<T>> call, Func<T, CallFailure?> judge, CancellationToken cancellation)
    {
        var calls = 0;
        Use("retry", Retries);
        Use("timeout", _limits);
        foreach (var breaker in _breakers)
        {
            _metrics.Used(Breaker, breaker.StateName);
        }

        try
        {
            return await TryAsync(token => Interlocked.Increment(ref calls) == 2 ? Again(token) : call(token), judge, cancellation);
        }
        catch (TimeoutException)
        {
            _metrics.Activated("timeout", "");
            throw;
        }
        catch (CircuitOpenException)
        {
            _metrics.Activated(Breaker, "open");
            throw;
        }
        finally
        {
            foreach (var breaker in _breakers)
            {
                _metrics.Show(breaker);
            }
        }

        Task<T> Again(CancellationToken token)
        {
            _metrics.Activated("retry", "");
            return call(token);
        }

        void Use(string policy, bool isThere)
        {
            if (isThere)
            {
                _metrics.Used(policy, "");
            }
        }
    }

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "Polly checks the attributes of the options' fields, and these have none of their own.")]
    private static void Add(ResiliencePipelineBuilder<Attempt> builder, CircuitBreaker breaker) =>
        builder.AddStrategy(_ => new CircuitBreakerStrategy(breaker), new BreakerOptions());

    private static RetryStrategyOptions<Attempt> Options(RetryRule retry) => new()
    {
        MaxRetryAttempts = retry.MaxRetries ?? int.MaxValue,
        ShouldHandle = arguments => ValueTask.FromResult(arguments.Outcome switch
        {
            { Exception: CircuitOpenException or DaprFault { HttpStatus: < 500 } } => false,
            { Exception: OperationCanceledException } => false,
            { Exception: not null } => true,
            { Result.Failure: { } failure } => retry.Matches(failure),
            _ => false,
        }),
        DelayGenerator = arguments => ValueTask.FromResult<TimeSpan?>(retry.Pause(arguments.AttemptNumber, Random.Shared.NextDouble())),
        OnRetry = arguments =>
        {
            (arguments.Outcome.Result?.Result as IDisposable)?.Dispose();
            return default;
        },
    };

    private sealed class BreakerOptions : ResilienceStrategyOptions;
}

/// <summary>Most targets have no policy: their calls are made as they are.</summary>
internal static class ResiliencePolicyExtensions
{
    /// <summary>For calls that tell failure by throwing.</summary>
    public static Task<T> RunAsync<T>(this ResiliencePolicy? policy, Func<CancellationToken, Task<T>> call, CancellationToken cancellation) =>
        policy is null ? call(cancellation) : policy.RunAsync(call, static _ => null, cancellation);

    /// <summary>For calls that tell failure by throwing, and answer nothing.</summary>
    public static Task RunAsync(this ResiliencePolicy? policy, Func<CancellationToken, Task> call, CancellationToken cancellation) =>
        policy is null ? call(cancellation) : policy.RunAsync(async token => { await call(token); return true; }, static _ => null, cancellation);
}
