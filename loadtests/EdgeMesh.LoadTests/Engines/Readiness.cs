using System.Diagnostics;

namespace EdgeMesh.LoadTests.Engines;

/// <summary>Asks a process over and over whether it is ready, every few milliseconds.</summary>
internal static class Readiness
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    /// <exception cref="InvalidOperationException">The process has ended.</exception>
    public static async Task WaitAsync(Process process, Uri address, CancellationToken cancellation)
    {
        using var client = new HttpClient();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        while (true)
        {
            if (process.HasExited)
            {
                throw new InvalidOperationException($"{process.StartInfo.FileName} ended with {process.ExitCode} instead of starting.");
            }

            try
            {
                using var answer = await client.GetAsync(address, limit.Token);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(Pause, TimeProvider.System, limit.Token);
        }
    }
}
