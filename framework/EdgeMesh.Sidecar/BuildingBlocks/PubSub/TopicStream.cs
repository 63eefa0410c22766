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
    private readonly Dictionary<string, List<TaskCompletionSource<Verdict>>> _open = new(StringComparer.Ordinal);

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
                _open[id] = waiting = [];
            }

            waiting.Add(verdict);
        }

        try
        {
            await WriteAsync(message);
            return await verdict.Task.WaitAsync(either.Token);
        }
        catch (Exception error) when (error is IOException or InvalidOperationException)
        {
            // The stream ended first: nobody refused the message.
            throw new OperationCanceledException(error.Message, error);
        }
        finally
        {
            lock (_gate)
            {
                Forget(id, verdict);
            }
        }
    }

    /// <summary>Under the lock. One whose time was over takes no later answer.</summary>
    private void Forget(string id, TaskCompletionSource<Verdict> verdict)
    {
        if (_open.TryGetValue(id, out var waiting) && waiting.Remove(verdict) && waiting.Count == 0)
        {
            _open.Remove(id);
        }
    }

    /// <summary>An answer to an event that nobody waits for says nothing.</summary>
    public void Settle(SubscribeTopicEventsRequestProcessedAlpha1 processed)
    {
        lock (_gate)
        {
            if (_open.TryGetValue(processed.Id, out var waiting))
            {
                var verdict = waiting[0];
                Forget(processed.Id, verdict);
                verdict.TrySetResult(processed.Status?.Status switch { Answer.Retry => Verdict.Retry, Answer.Drop => Verdict.Drop, _ => Verdict.Success });
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
