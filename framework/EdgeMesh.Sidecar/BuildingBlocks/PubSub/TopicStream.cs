using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Core;
using Answer = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Delivers to a stream, and waits for the answer that names the event.</summary>
internal sealed class TopicStream(Subscription subscription, IServerStreamWriter<SubscribeTopicEventsResponseAlpha1> answers, CancellationToken closed)
{
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Lock _gate = new();

    /// <summary>Events under way by their ids. A publisher may use an id twice: then the first answer is for the first.</summary>
    private readonly Dictionary<string, Queue<TaskCompletionSource<Verdict>>> _open = new(StringComparer.Ordinal);

    public Task BeginAsync() => WriteAsync(new SubscribeTopicEventsResponseAlpha1 { InitialResponse = new SubscribeTopicEventsResponseInitialAlpha1() });

    /// <summary>A <see cref="Postman"/>.</summary>
    public async Task<Verdict> DeliverAsync(Parcel parcel, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, closed);
        var id = parcel.Envelope.Id ?? "";
        var message = new SubscribeTopicEventsResponseAlpha1 { EventMessage = TopicEvent.From(parcel, subscription) };
        var verdict = new TaskCompletionSource<Verdict>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (!_open.TryGetValue(id, out var waiting))
            {
                _open[id] = waiting = new Queue<TaskCompletionSource<Verdict>>();
            }

            waiting.Enqueue(verdict);
        }

        await WriteAsync(message);
        return await verdict.Task.WaitAsync(either.Token);
    }

    /// <summary>An answer to an event that nobody waits for says nothing.</summary>
    public void Settle(SubscribeTopicEventsRequestProcessedAlpha1 processed)
    {
        lock (_gate)
        {
            if (!_open.TryGetValue(processed.Id, out var waiting))
            {
                return;
            }

            waiting.Dequeue().TrySetResult(processed.Status?.Status switch { Answer.Retry => Verdict.Retry, Answer.Drop => Verdict.Drop, _ => Verdict.Success });
            if (waiting.Count == 0)
            {
                _open.Remove(processed.Id);
            }
        }
    }

    /// <summary>One message at a time, as gRPC wants it.</summary>
    private async Task WriteAsync(SubscribeTopicEventsResponseAlpha1 message)
    {
        await _writing.WaitAsync(closed);
        try
        {
            await answers.WriteAsync(message, closed);
        }
        finally
        {
            _writing.Release();
        }
    }
}
