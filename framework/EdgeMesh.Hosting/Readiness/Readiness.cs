using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Hosting;

/// <summary>Asks every check, at the same time, each for a bounded while.</summary>
internal sealed class Readiness(IServiceProvider services, IEnumerable<ReadinessCheck> checks, TimeProvider clock)
{
    private static readonly TimeSpan CheckLimit = TimeSpan.FromSeconds(3);

    public async Task<ReadinessReport> AskAsync(CancellationToken cancellation)
    {
        var answers = await Task.WhenAll(checks.Select(check => AskAsync(check, cancellation)));
        var waiting = answers.OfType<Waiting>().ToArray();
        return new ReadinessReport(waiting.Length == 0, waiting);
    }

    private async Task<Waiting?> AskAsync(ReadinessCheck check, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(CheckLimit, clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return await check.Check(services, both.Token) is { } reason ? new Waiting(check.Name, reason) : null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Waiting(check.Name, $"no answer in {CheckLimit.TotalSeconds:0} s");
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // A check asks something that may be away in any way; whatever it throws is what is waited for.
            return new Waiting(check.Name, error.Message);
        }
    }
}

/// <summary>Registers what a service waits for.</summary>
public static class ReadinessServiceCollectionExtensions
{
    /// <summary>Adds a check that <c>/readyz</c> asks.</summary>
    /// <param name="services">The container.</param>
    /// <param name="name">Short and stable.</param>
    /// <param name="check">Null when it is there; else what is waited for, for people.</param>
    public static IServiceCollection AddReadiness(this IServiceCollection services, string name, Func<IServiceProvider, CancellationToken, Task<string?>> check) =>
        services.AddSingleton(new ReadinessCheck(name, check));
}
