using System.Diagnostics;
using System.Threading.Channels;
using Dapr.AppCallback.Autogen.Grpc.v1;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Hosting;
using Grpc.Core;
using Grpc.Net.Client;
using DaprApi = Dapr.Client.Autogen.Grpc.v1.Dapr;

namespace EdgeMesh.Services.Functions.Triggers.Topics;

/// <summary>A subscription that lives as long as somebody wants it: Dapr's streaming subscriptions, since functions come and go while the
/// sidecar asks an app only once for its topics. Messages come a bounded number at a time; each is acknowledged when it was handled.</summary>
internal sealed partial class TopicStream(
    SidecarEndpoints sidecar, string topic, Func<TopicMessage, CancellationToken, Task<bool>> handle, TimeProvider clock, ILogger logger) : IAsyncDisposable
{
    private const string Component = "events";
    private const int AtOnce = 64;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RefusalPause = TimeSpan.FromSeconds(1);

    /// <summary>How long the sidecar has to take the last answers.</summary>
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(5);

    /// <summary>No more messages are taken.</summary>
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Nor is any acknowledged.</summary>
    private readonly CancellationTokenSource _ended = new();
    private readonly SemaphoreSlim _slots = new(AtOnce, AtOnce);
    private Task _loop = Task.CompletedTask;
    private bool _isAlive;

    public void Start() => _loop = RunAsync(_stop.Token);

    /// <summary>Takes no more, and returns when what was in hand is handled and acknowledged.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        _ended.Dispose();
        _slots.Dispose();
    }

    /// <summary>Nobody wants the topic any more: what is in hand comes to its end by itself, and keeps no message from who wants the topic next.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _ended.CancelAsync();
        await DisposeAsync();
    }

    private async Task RunAsync(CancellationToken cancellation)
    {
        for (var pause = FirstPause; !cancellation.IsCancellationRequested; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            _isAlive = false;
            try
            {
                await SubscribeAsync(cancellation);
            }
            catch (Exception error) when (!cancellation.IsCancellationRequested)
            {
                // The sidecar or the broker is away: what was not acknowledged comes again.
                LogBroken(logger, topic, error is RpcException rpc ? rpc.Status.Detail : error.Message);
            }
            catch (Exception)
            {
                // It was told to stop.
                return;
            }

            // A stream that brought something was no failure: the next is tried soon.
            pause = _isAlive ? FirstPause : pause;
            await Task.WhenAny(Task.Delay(pause, clock, cancellation));
        }
    }

    private async Task SubscribeAsync(CancellationToken cancellation)
    {
        using var channel = GrpcChannel.ForAddress(sidecar.Grpc, new GrpcChannelOptions { HttpHandler = new SocketsHttpHandler { UseProxy = false }, DisposeHttpClient = true });
        var headers = new Metadata();
        if (sidecar.ApiToken is { } token)
        {
            headers.Add("dapr-api-token", token);
        }

        using var call = new DaprApi.DaprClient(channel).SubscribeTopicEventsAlpha1(headers, cancellationToken: _ended.Token);
        var initial = new SubscribeTopicEventsRequestInitialAlpha1 { PubsubName = Component, Topic = topic };
        await call.RequestStream.WriteAsync(new SubscribeTopicEventsRequestAlpha1 { InitialRequest = initial }, cancellation);
        var answers = Channel.CreateUnbounded<SubscribeTopicEventsRequestAlpha1>();
        var writing = WriteAsync(call.RequestStream, answers.Reader, _ended.Token);
        var handling = new List<Task>();
        // A token given to the stream would end the call with it.
        var next = call.ResponseStream.MoveNext(CancellationToken.None);
        try
        {
            for (; await next.WaitAsync(cancellation); next = call.ResponseStream.MoveNext(CancellationToken.None))
            {
                _isAlive = true;
                if (call.ResponseStream.Current.EventMessage is { } @event)
                {
                    await _slots.WaitAsync(cancellation);
                    handling.RemoveAll(t => t.IsCompleted);
                    handling.Add(HandleAsync(@event, answers.Writer, cancellation));
                }
            }
        }
        finally
        {
            await Task.WhenAll(handling);
            answers.Writer.Complete();
            await LeaveAsync(call.ResponseStream, writing, next);
        }
    }

    /// <summary>Returns when the sidecar has ended the stream, and so has taken all answers. Messages that it brings meanwhile nobody takes: they come again.</summary>
    private static async Task LeaveAsync(IAsyncStreamReader<SubscribeTopicEventsResponseAlpha1> stream, Task writing, Task<bool> next)
    {
        // The sidecar answers in its own time, whatever clock a test gave to this service.
        using var limit = new CancellationTokenSource(LeaveLimit);
        try
        {
            await writing.WaitAsync(limit.Token);
            while (await next.WaitAsync(limit.Token))
            {
                next = stream.MoveNext(CancellationToken.None);
            }
        }
        catch (Exception error) when (error is RpcException or OperationCanceledException)
        {
            // It is over, or nobody is there who would end it.
        }
    }

    /// <summary>A stream takes one write at a time.</summary>
    private static async Task WriteAsync(IClientStreamWriter<SubscribeTopicEventsRequestAlpha1> stream, ChannelReader<SubscribeTopicEventsRequestAlpha1> answers, CancellationToken cancellation)
    {
        try
        {
            await foreach (var answer in answers.ReadAllAsync(cancellation))
            {
                await stream.WriteAsync(answer, cancellation);
            }

            await stream.CompleteAsync();
        }
        catch (Exception error) when (error is RpcException or InvalidOperationException or OperationCanceledException)
        {
            // The stream is over: what was not acknowledged comes again.
        }
    }

    private async Task HandleAsync(TopicEventRequest message, ChannelWriter<SubscribeTopicEventsRequestAlpha1> answers, CancellationToken cancellation)
    {
        var done = false;
        try
        {
            done = await handle(new TopicMessage(message.Source, message.Id, message.Topic, message.DataContentType, message.Data.Memory) { Trace = TraceOf(message) }, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // It stops: the message comes again.
        }
        catch (Exception error)
        {
            // Whatever went wrong, the message comes again.
            LogFailed(logger, error, message.Id, topic);
        }

        if (!done)
        {
            // Brought again at once it would be refused at once, without end; its slot is held meanwhile.
            await Task.Delay(RefusalPause, clock, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        _slots.Release();
        if (!done && cancellation.IsCancellationRequested)
        {
            // The end of the stream gives it back, uncounted. Refused, it might come again to who is stopping.
            return;
        }

        var status = done ? TopicEventResponse.Types.TopicEventResponseStatus.Success : TopicEventResponse.Types.TopicEventResponseStatus.Retry;
        answers.TryWrite(new SubscribeTopicEventsRequestAlpha1
        {
            EventProcessed = new SubscribeTopicEventsRequestProcessedAlpha1 { Id = message.Id, Status = new TopicEventResponse { Status = status } },
        });
    }

    private static ActivityContext TraceOf(TopicEventRequest message) =>
        ActivityContext.TryParse(Extension(message, "traceparent"), Extension(message, "tracestate"), isRemote: true, out var trace) ? trace : default;

    private static string? Extension(TopicEventRequest message, string name) => message.Extensions?.Fields.GetValueOrDefault(name) is { HasStringValue: true } field ? field.StringValue : null;

    [LoggerMessage(LogLevel.Warning, "The subscription of topic {Topic} ended ({Reason}); it is made anew")]
    private static partial void LogBroken(ILogger logger, string topic, string reason);

    [LoggerMessage(LogLevel.Error, "Message {Id} of topic {Topic} could not be handled; it comes again")]
    internal static partial void LogFailed(ILogger logger, Exception error, string id, string topic);
}
