namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Asks until a condition holds: for what a real engine does on a clock that no test can move.</summary>
internal static class Eventually
{
    public static async Task HoldsAsync(Func<Task<bool>> condition, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(15));
        while (!await condition())
        {
            await Task.Delay(100, limit.Token);
        }
    }
}
