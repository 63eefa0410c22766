using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Components;

/// <summary>Asks a server that did not answer at the start again and again, with growing pauses, until its driver is open.</summary>
internal sealed partial class ServerContact : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly ComponentSpec _spec;
    private readonly IServerDriver _server;
    private readonly ComponentDriver _driver;
    private readonly Func<object> _expose;
    private readonly TimeSpan _limit;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public ServerContact(ComponentSpec spec, IServerDriver server, ComponentDriver driver, Func<object> expose, TimeSpan limit, TimeProvider clock, ILogger logger)
    {
        (_spec, _server, _driver, _expose, _limit, _clock, _logger) = (spec, server, driver, expose, limit, clock, logger);
        _loop = RunAsync();
    }

    /// <summary>One try. Null: the server has answered.</summary>
    public static async Task<string?> TryAsync(IServerDriver server, TimeSpan limit, CancellationToken cancellation)
    {
        using var timed = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timed.CancelAfter(limit);
        try
        {
            await server.ConnectAsync(timed.Token);
            return null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"no answer in {limit.TotalSeconds:0.#} s (initTimeout)";
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Whatever a client throws while it connects is this component's failure, told by name.
            return error.Message;
        }
    }

    private async Task RunAsync()
    {
        try
        {
            for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
            {
                await Task.Delay(pause * (0.8 + (0.4 * Random.Shared.NextDouble())), _clock, _stop.Token);
                if (await TryAsync(_server, _limit, _stop.Token) is not { } failure)
                {
                    _driver.Set(_expose());
                    LogOpen(_logger, _spec.Name, _spec.Type);
                    return;
                }

                _driver.Fail(failure);
            }
        }
        catch (OperationCanceledException)
        {
            // The process ends before its server came.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    [LoggerMessage(LogLevel.Information, "Component {Name} ({Type}) is open now: its server answers")]
    private static partial void LogOpen(ILogger logger, string name, string type);
}
