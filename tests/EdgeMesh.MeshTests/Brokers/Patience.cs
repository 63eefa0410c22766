using System.Diagnostics;

namespace EdgeMesh.MeshTests.Brokers;

/// <summary>Asks until a condition holds: for what real servers do on a clock that no test can move.</summary>
internal static class Patience
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static async Task HoldsAsync(Func<Task<bool>> condition, Func<string> said, CancellationToken cancellation)
    {
        var started = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
            {
                // Nobody answers yet.
                cancellation.ThrowIfCancellationRequested();
            }

            Assert.True(started.Elapsed < Limit, $"it did not hold within {Limit.TotalSeconds} s:\n{said()}");
            await Task.Delay(100, cancellation);
        }
    }
}
