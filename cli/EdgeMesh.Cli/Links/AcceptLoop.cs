using System.Net.Sockets;

namespace EdgeMesh.Cli.Links;

/// <summary>Accepts connections until it is cancelled.</summary>
internal static class AcceptLoop
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <param name="accept">Waits for one connection.</param>
    /// <param name="take">Must return at once.</param>
    /// <param name="clock">For pauses.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task RunAsync(Func<CancellationToken, ValueTask<Socket>> accept, Action<Socket> take, TimeProvider clock, CancellationToken cancellation)
    {
        while (!cancellation.IsCancellationRequested)
        {
            try
            {
                take(await accept(cancellation));
            }
            catch (SocketException)
            {
                // A client that gave up before it was accepted, or a process that may open no more files, which lasts: so not at once again.
                await Task.Delay(Pause, clock, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
        }
    }
}
