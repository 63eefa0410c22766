using System.Collections.Concurrent;
using System.Globalization;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using Google.Protobuf;
using Google.Protobuf.Collections;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Said = Dapr.Client.Autogen.Grpc.v1.SubscribeActorEventsRequestAlpha1;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>Actors of an app that speaks gRPC: it opened a stream, gets calls by it, and answers each by its id.</summary>
internal sealed class ActorStream(IServerStreamWriter<SubscribeActorEventsResponseAlpha1> events) : IActorTransport, IDisposable
{
    private const string ErrorHeader = "X-DaprErrorResponseHeader";

    /// <summary>Calls wait for the stream's beginning.</summary>
    private readonly SemaphoreSlim _writing = new(0);
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Said>> _open = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _gone = new();
    private long _last;

    public Task BeginAsync(CancellationToken cancellation) => WriteInTurnAsync(new() { InitialResponse = new() }).WaitAsync(cancellation);

    public async Task<HttpResponseMessage> CallAsync(ActorCall call, CancellationToken cancellation)
    {
        var asked = call.Callback is { } callback ? Event(call, callback) : await EventAsync(call, cancellation);
        return Read(await AskAsync(asked, cancellation), call);
    }

    /// <summary>An app that is gone knows it.</summary>
    public async Task DeactivateAsync(ActorAddress actor, CancellationToken cancellation)
    {
        if (!_gone.IsCancellationRequested)
        {
            var said = await AskAsync(id => new() { DeactivateRequest = new() { Id = id, ActorType = actor.Type, ActorId = actor.Id } }, cancellation);
            if (said.RequestFailed is { } failed)
            {
                throw ActorFaults.Refused(failed.Message);
            }
        }
    }

    /// <summary>An answer to what nobody waits for says nothing.</summary>
    public void Settle(Said said)
    {
        var id = said.RequestTypeCase switch
        {
            Said.RequestTypeOneofCase.InvokeResponse => said.InvokeResponse.Id,
            Said.RequestTypeOneofCase.ReminderResponse => said.ReminderResponse.Id,
            Said.RequestTypeOneofCase.TimerResponse => said.TimerResponse.Id,
            Said.RequestTypeOneofCase.DeactivateResponse => said.DeactivateResponse.Id,
            Said.RequestTypeOneofCase.RequestFailed => said.RequestFailed.Id,
            _ => "",
        };
        if (_open.TryGetValue(id, out var waiting))
        {
            waiting.TrySetResult(said);
        }
    }

    /// <summary>The app went: no answer comes any more, and calls under way fail.</summary>
    public void End() => _gone.Cancel();

    public void Dispose() => _gone.Dispose();

    private async Task<Said> AskAsync(Func<string, SubscribeActorEventsResponseAlpha1> asked, CancellationToken cancellation)
    {
        var id = Interlocked.Increment(ref _last).ToString(CultureInfo.InvariantCulture);
        var answer = _open[id] = new TaskCompletionSource<Said>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _gone.Token);
            await WriteAsync(asked(id), either.Token);
            return await answer.Task.WaitAsync(either.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or ObjectDisposedException or InvalidOperationException && !cancellation.IsCancellationRequested)
        {
            throw new IOException("actor host disconnected before responding", error);
        }
        catch (RpcException error)
        {
            throw ActorFaults.Invoke(error.Status.Detail);
        }
        finally
        {
            _open.TryRemove(id, out _);
        }
    }

    /// <summary>One message at a time, as gRPC wants it. One that has begun is written to its end, also when its caller gave up: cancelling it
    /// would end the stream.</summary>
    private async Task WriteAsync(SubscribeActorEventsResponseAlpha1 message, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        await WriteInTurnAsync(message).WaitAsync(cancellation);
    }

    private async Task WriteInTurnAsync(SubscribeActorEventsResponseAlpha1 message)
    {
        try
        {
            await events.WriteAsync(message);
        }
        finally
        {
            _writing.Release();
        }
    }

    private static async Task<Func<string, SubscribeActorEventsResponseAlpha1>> EventAsync(ActorCall call, CancellationToken cancellation)
    {
        var body = await call.Request.Content!.ReadAsByteArrayAsync(cancellation);
        return id =>
        {
            var method = Uri.UnescapeDataString(call.Path.Split('?')[0]["method/".Length..]);
            var asked = new SubscribeActorEventsResponseInvokeRequestAlpha1 { Id = id, ActorType = call.Actor.Type, ActorId = call.Actor.Id, Method = method, Data = UnsafeByteOperations.UnsafeWrap(body) };
            foreach (var (name, values) in call.Request.Headers.NonValidated.Concat(call.Request.Content.Headers.NonValidated))
            {
                asked.Metadata[name] = values.First();
            }

            return new() { InvokeRequest = asked };
        };
    }

    private static Func<string, SubscribeActorEventsResponseAlpha1> Event(ActorCall call, Callback callback)
    {
        var actor = call.Actor;
        MapField<string, string> metadata = call.Chain is { } chain ? new() { [ActorCall.ReentrancyHeader] = chain } : [];
        var data = callback.Data is { } json ? Any.Pack(new BytesValue { Value = UnsafeByteOperations.UnsafeWrap(json) }) : null;
        return id => callback.IsTimer
            ? new() { TimerRequest = new() { Id = id, ActorType = actor.Type, ActorId = actor.Id, Name = callback.Name, DueTime = callback.DueTime, Period = callback.Period, Callback = callback.Method, Data = data, Metadata = { metadata } } }
            : new() { ReminderRequest = new() { Id = id, ActorType = actor.Type, ActorId = actor.Id, Name = callback.Name, DueTime = callback.DueTime, Period = callback.Period, Data = data, Metadata = { metadata } } };
    }

    private static HttpResponseMessage Read(Said said, ActorCall call) => (said.RequestTypeCase, call.Callback) switch
    {
        (Said.RequestTypeOneofCase.RequestFailed, var callback) => throw (callback is null && said.RequestFailed.Code == (uint)StatusCode.NotFound
            ? ActorFaults.Unknown(Uri.UnescapeDataString(call.Path["method/".Length..]))
            : ActorFaults.Refused(said.RequestFailed.Message)),
        (Said.RequestTypeOneofCase.InvokeResponse, null) => Answer(said.InvokeResponse),
        (Said.RequestTypeOneofCase.TimerResponse, { IsTimer: true }) => Callback.Answer(said.TimerResponse.Cancel),
        (Said.RequestTypeOneofCase.ReminderResponse, { IsTimer: false }) => Callback.Answer(said.ReminderResponse.Cancel),
        (_, var callback) => throw ActorFaults.Invoke($"actor host returned an unexpected response type for {(callback is null ? "invoke" : callback.IsTimer ? "timer" : "reminder")}"),
    };

    private static HttpResponseMessage Answer(SubscribeActorEventsRequestInvokeResponseAlpha1 said)
    {
        var answer = new HttpResponseMessage { Content = new ReadOnlyMemoryContent(said.Data.Memory) };
        foreach (var (name, value) in said.Metadata.Where(m => MessageHeaders.IsValue(m.Value) && !m.Key.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)))
        {
            _ = answer.Headers.TryAddWithoutValidation(name, value) || answer.Content.Headers.TryAddWithoutValidation(name, value);
        }

        if (said.Error)
        {
            answer.Headers.TryAddWithoutValidation(ErrorHeader, "true");
        }

        return answer;
    }
}
