namespace EdgeMesh.Sidecar.CommandLine;

/// <summary>daprd's <c>--wait</c>, for launchers that start an app behind its sidecar.</summary>
internal static class ReadyWait
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <returns>Whether the sidecar on <c>--dapr-http-port</c> takes calls.</returns>
    public static async Task<bool> RunAsync(FlagReader flags, TextWriter output, CancellationToken stop)
    {
        var port = flags.Port("dapr-http-port", SidecarSettings.DefaultHttpPort)!.Value;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Longest);
        using var client = new HttpClient();
        try
        {
            while (!await IsReadyAsync(client, new Uri($"http://127.0.0.1:{port}/v1.0/healthz/outbound"), limit.Token))
            {
                await Task.Delay(Pause, TimeProvider.System, limit.Token);
            }

            return true;
        }
        catch (OperationCanceledException)
        {
            await output.WriteLineAsync($"no sidecar took calls on port {port} in {Longest.TotalSeconds} s: start it, or name its port (--dapr-http-port).");
            return false;
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient client, Uri address, CancellationToken cancellation)
    {
        try
        {
            using var answer = await client.GetAsync(address, cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
