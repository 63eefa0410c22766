using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Components.Pluggable;

/// <summary>Takes what a component gives over a stream, several in hand at a time, answers each on it, and opens another stream when one
/// ends.</summary>
internal sealed partial class PluggableStream<TAnswer, TGiven> : IAsyncDisposable
    where TGiven : class
{
    private const int MostInHand = 256;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly string _name;
    private readonly Func<AsyncDuplexStreamingCall<TAnswer, TGiven>> _open;
    private readonly TAnswer? _first;
    private readonly Func<TGiven, CancellationToken, Task<TAnswer>> _handle;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _places = new(MostInHand);
    private readonly SemaphoreSlim _writing = new(1);
    private readonly InHand _inHand = new();
    private readonly Task _loop;

    /// <param name="name">For the log: a topic, or a binding.</param>
    /// <param name="open">Opens it.</param>
    /// <param name="first">What the component is told first; null: nothing.</param>
    /// <param name="handle">Never throws; what it returns is the answer.</param>
    /// <param name="logger">For streams that end.</param>
    public PluggableStream(string name, Func<AsyncDuplexStreamingCall<TAnswer, TGiven>> open, TAnswer? first, Func<TGiven, CancellationToken, Task<TAnswer>> handle, ILogger logger)
    {
        (_name, _open, _first, _handle, _logger) = (name, open, first, handle, logger);
        _loop = RunAsync();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await TakeAsync();
            }
            catch (Exception error) when (error is RpcException or OperationCanceledException or InvalidOperationException)
            {
                if (!_stop.IsCancellationRequested)
                {
                    LogEnded(_name, error.Message);
                }
            }

            await Task.Delay(Pause, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task TakeAsync()
    {
        using var call = _open();
        if (_first is not null)
        {
            await call.RequestStream.WriteAsync(_first, _stop.Token);
        }

        try
        {
            while (await call.ResponseStream.MoveNext(_stop.Token))
            {
                await _places.WaitAsync(_stop.Token);
                _inHand.Begin();
                _ = HandleAsync(call.ResponseStream.Current, call.RequestStream);
            }
        }
        finally
        {
            if (_stop.IsCancellationRequested)
            {
                // What is in hand is answered while the stream still stands.
                await _inHand.EndedAsync();
            }
        }
    }

    private async Task HandleAsync(TGiven given, IClientStreamWriter<TAnswer> stream)
    {
        try
        {
            await AnswerAsync(stream, await _handle(given, _stop.Token));
        }
        catch (Exception error) when (error is RpcException or InvalidOperationException)
        {
            // The stream ended first: the component gives it again, if it gives anything again.
        }
        finally
        {
            _places.Release();
            _inHand.End();
        }
    }

    /// <summary>A stream takes one write at a time.</summary>
    private async Task AnswerAsync(IClientStreamWriter<TAnswer> stream, TAnswer answer)
    {
        await _writing.WaitAsync();
        try
        {
            await stream.WriteAsync(answer);
        }
        finally
        {
            _writing.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        await _inHand.EndedAsync();
        _stop.Dispose();
        _places.Dispose();
        _writing.Dispose();
    }

    [LoggerMessage(LogLevel.Warning, "The stream of {Name} ended, and is opened anew: {Reason}")]
    private partial void LogEnded(string name, string reason);
}
