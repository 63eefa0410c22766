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
