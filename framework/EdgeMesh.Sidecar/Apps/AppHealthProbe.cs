using Grpc.Core;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>Asks an app over and over whether it is healthy.</summary>
internal sealed class AppHealthProbe(AppChannel channel, AppHealthOptions options, TimeProvider clock)
{
    /// <summary>Calls <paramref name="changed"/> whenever the app becomes healthy or stops being so; it counts as unhealthy at first.</summary>
    public async Task RunAsync(Func<bool, Task> changed, CancellationToken cancellation)
    {
        var (healthy, failures) = (false, 0);
        while (true)
        {
            var answered = await AskAsync(cancellation);
            failures = answered ? 0 : failures + 1;
            if (answered != healthy && (answered || failures >= options.Threshold))
            {
                healthy = answered;
                await changed(healthy);
            }

            await Task.Delay(options.Interval, clock, cancellation);
        }
    }

    private async Task<bool> AskAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(options.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            if (channel.Callbacks is { } callbacks)
            {
                await callbacks.HealthCheck(either.Token);
                return true;
            }

            using var request = new HttpRequestMessage(HttpMethod.Get, channel.Address(options.Path.StartsWith('/') ? options.Path : "/" + options.Path));
            using var answer = await channel.ProbeAsync(request, either.Token);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or RpcException || (error is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            return false;
        }
    }
}
