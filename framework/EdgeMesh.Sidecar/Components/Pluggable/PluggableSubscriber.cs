using EdgeMesh.Sidecar.Components.Pluggable.Wire;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Components.Pluggable;

/// <summary>Pulls one topic's messages over a stream, several in hand at a time, and opens another stream when one ends.</summary>
internal sealed partial class PluggableSubscriber : IAsyncDisposable
{
    private const int MostInHand = 256;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Func<AsyncDuplexStreamingCall<PullMessagesRequest, PullMessagesResponse>> _open;
    private readonly Topic _topic;
    private readonly BrokerHandler _handler;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _places = new(MostInHand);
    private readonly SemaphoreSlim _writing = new(1);
    private readonly InHand _inHand = new();
    private readonly Task _loop;

    public PluggableSubscriber(Func<AsyncDuplexStreamingCall<PullMessagesRequest, PullMessagesResponse>> open, Topic topic, BrokerHandler handler, ILogger logger)
    {
        (_open, _topic, _handler, _logger) = (open, topic, handler, logger);
        _loop = RunAsync();
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await PullAsync();
            }
            catch (Exception error) when (error is RpcException or OperationCanceledException or InvalidOperationException)
            {
                if (!_stop.IsCancellationRequested)
                {
                    LogEnded(_topic.Name, error.Message);
                }
            }

            await Task.Delay(Pause, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task PullAsync()
    {
        using var call = _open();
        await call.RequestStream.WriteAsync(new PullMessagesRequest { Topic = _topic }, _stop.Token);
        try
        {
            while (await call.ResponseStream.MoveNext(_stop.Token))
            {
                await _places.WaitAsync(_stop.Token);
                _inHand.Begin();
                _ = DeliverAsync(call.ResponseStream.Current, call.RequestStream);
            }
        }
        finally
        {
            if (_stop.IsCancellationRequested)
            {
                // What is in hand is told of while the stream still stands.
                await _inHand.EndedAsync();
            }
        }
    }

    private async Task DeliverAsync(PullMessagesResponse pulled, IClientStreamWriter<PullMessagesRequest> stream)
    {
        try
        {
            var message = new BrokerMessage(pulled.TopicName.Length > 0 ? pulled.TopicName : _topic.Name, pulled.Data.Memory, pulled.Metadata) { Id = pulled.Id };
            var done = await TryHandleAsync(message);
            await AcknowledgeAsync(stream, new PullMessagesRequest { AckMessageId = pulled.Id, AckError = done ? null : new AckMessageError { Message = "the app did not take the message" } });
        }
        catch (Exception error) when (error is RpcException or InvalidOperationException)
        {
            // The stream ended first: the component gives the message again.
        }
        finally
        {
            _places.Release();
            _inHand.End();
        }
    }

    private async Task<bool> TryHandleAsync(BrokerMessage message)
    {
        try
        {
            return await _handler(message, _stop.Token);
        }
        catch (Exception)
        {
            // A handler that throws, or is stopped, did not acknowledge.
            return false;
        }
    }

    /// <summary>A stream takes one write at a time.</summary>
    private async Task AcknowledgeAsync(IClientStreamWriter<PullMessagesRequest> stream, PullMessagesRequest request)
    {
        await _writing.WaitAsync();
        try
        {
            await stream.WriteAsync(request);
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

    [LoggerMessage(LogLevel.Warning, "The stream of topic {Topic} ended, and is opened anew: {Reason}")]
    private partial void LogEnded(string topic, string reason);
}
