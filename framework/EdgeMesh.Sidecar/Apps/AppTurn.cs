using System.Threading.Channels;

namespace EdgeMesh.Sidecar.Apps;

/// <summary>One at a time: changes of what an app has, and the start of what lacks after them. The start may wait for the app for as long as
/// that is away; a change never does, since the start gives way to it and begins anew when it is made.</summary>
internal sealed class AppTurn : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>Guards what follows.</summary>
    private readonly Lock _gate = new();
    private CancellationTokenSource? _starting;
    private int _changing;

    /// <summary>After each change, until it is cancelled.</summary>
    public async Task RunAsync(Func<CancellationToken, Task> start, CancellationToken cancellation)
    {
        while (await _changed.Reader.ReadAsync(cancellation))
        {
            await _turn.WaitAsync(cancellation);
            try
            {
                await StartAsync(start, cancellation);
            }
            finally
            {
                _turn.Release();
            }
        }
    }

    private async Task StartAsync(Func<CancellationToken, Task> start, CancellationToken cancellation)
    {
        using var starting = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        lock (_gate)
        {
            if (_changing > 0)
            {
                // The change that waits for its turn has this run again.
                return;
            }

            _starting = starting;
        }

        try
        {
            await start(starting.Token);
        }
        catch (OperationCanceledException) when (starting.IsCancellationRequested && !cancellation.IsCancellationRequested)
        {
            // A change came.
        }
        finally
        {
            lock (_gate)
            {
                _starting = null;
            }
        }
    }

    public async Task ChangeAsync(Func<Task> change, CancellationToken cancellation)
    {
        Task given;
        lock (_gate)
        {
            _changing++;
            given = _starting?.CancelAsync() ?? Task.CompletedTask;
        }

        try
        {
            await WaitAsync(given, cancellation);
            try
            {
                await change();
            }
            finally
            {
                _turn.Release();
            }
        }
        finally
        {
            // Also where the change was given up: the start gave way to it.
            _changed.Writer.TryWrite(true);
        }
    }

    private async Task WaitAsync(Task given, CancellationToken cancellation)
    {
        try
        {
            await given;
            await _turn.WaitAsync(cancellation);
        }
        finally
        {
            lock (_gate)
            {
                _changing--;
            }
        }
    }

    public void Dispose() => _turn.Dispose();
}
