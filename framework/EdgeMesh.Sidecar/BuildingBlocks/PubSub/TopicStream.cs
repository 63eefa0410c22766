using Dapr.Client.Autogen.Grpc.v1;
using Grpc.Core;
using Answer = Dapr.AppCallback.Autogen.Grpc.v1.TopicEventResponse.Types.TopicEventResponseStatus;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>Delivers to a stream, and waits for the answer that names the event.</summary>
internal sealed class TopicStream(Subscription subscription, IServerStreamWriter<SubscribeTopicEventsResponseAlpha1> answers, CancellationToken closed)
{
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Lock _gate = new();

    /// <summary>Events under way by their ids. An answer names the id alone, which two publishers may both use: one of an id at a time.</summary>
    private readonly Dictionary<string, TaskCompletionSource<Verdict>> _open = new(StringComparer.Ordinal);

    public Task BeginAsync() => WriteAsync(new SubscribeTopicEventsResponseAlpha1 { InitialResponse = new SubscribeTopicEventsResponseInitialAlpha1() });

    /// <summary>A <see cref="Postman"/>.</summary>
    public async Task<Verdict> DeliverAsync(Parcel parcel, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, closed);
        var id = parcel.Envelope.Id ?? "";
        var message = new SubscribeTopicEventsResponseAlpha1 { EventMessage = TopicEvent.From(parcel, subscription) };
        var verdict = new TaskCompletionSource<Verdict>(TaskCreationOptions.RunContinuationsAsynchronously);
        while (Begin(id, verdict) is { } other)
        {
            await ((Task)other.Task).WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            either.Token.ThrowIfCancellationRequested();
        }

        try
        {
            await WriteAsync(message);
            return await verdict.Task.WaitAsync(either.Token);
        }
        catch (Exception) when (verdict.Task.IsCompletedSuccessfully)
        {
            // It was answered before the stream ended.
            return await verdict.Task;
        }
        catch (Exception error) when (error is IOException or InvalidOperationException)
        {
            // The stream ended first: nobody refused the message.
            throw new OperationCanceledException(error.Message, error);
        }
        finally
        {
            End(id, verdict);
        }
    }

    /// <summary>Null: it is under way. Else who is under way under its id.</summary>
    private TaskCompletionSource<Verdict>? Begin(string id, TaskCompletionSource<Verdict> verdict)
    {
        lock (_gate)
        {
            return _open.TryAdd(id, verdict) ? null : _open[id];
        }
    }

    /// <summary>One whose time was over takes no later answer.</summary>
    private void End(string id, TaskCompletionSource<Verdict> verdict)
    {
        lock (_gate)
        {
            verdict.TrySetCanceled();
            if (_open.GetValueOrDefault(id) == verdict)
            {
                _open.Remove(id);
            }
        }
    }

    /// <summary>An answer to an event that nobody waits for says nothing.</summary>
    public void Settle(SubscribeTopicEventsRequestProcessedAlpha1 processed)
    {
        lock (_gate)
        {
            if (_open.Remove(processed.Id, out var verdict))
            {
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
