using System.Collections.Concurrent;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using EdgeMesh.ConformanceTests.Suites;
using Grpc.Core;
using Event = Dapr.Client.Autogen.Grpc.v1.SubscribeActorEventsResponseAlpha1;
using Said = Dapr.Client.Autogen.Grpc.v1.SubscribeActorEventsRequestAlpha1;

namespace EdgeMesh.ConformanceTests.Apps;

/// <summary>Hosts actors of app <c>gamma</c> by a stream.</summary>
internal sealed class ActorStreamHost : IAsyncDisposable
{
    /// <summary>Asks whether a type is found; no test sees it.</summary>
    private const string Opening = "hello";

    private readonly AsyncDuplexStreamingCall<Said, Event> _call;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly BlockingCollection<Event> _seen = [];
    private Task _reading = Task.CompletedTask;

    private ActorStreamHost(AsyncDuplexStreamingCall<Said, Event> call) => _call = call;

    /// <summary>What the test says to an event; null: nothing yet. Without one everything succeeds.</summary>
    public Func<Event, Said?> Answers { get; set; } = Done;

    /// <summary>Opens a stream whose actors are found.</summary>
    public static async Task<ActorStreamHost> OpenAsync(Running dapr, SubscribeActorEventsRequestInitialAlpha1 initial, CancellationToken cancellation)
    {
        var host = new ActorStreamHost(dapr.Grpc("gamma").SubscribeActorEventsAlpha1(Running.Token, cancellationToken: cancellation));
        await host.SayAsync(new Said { InitialRequest = initial });
        Assert.True(await host._call.ResponseStream.MoveNext(cancellation));
        Assert.NotNull(host._call.ResponseStream.Current.InitialResponse);
        host._reading = host.ReadAsync(cancellation);
        foreach (var type in initial.Entities)
        {
            await Eventually.HoldsAsync(async () =>
            {
                try
                {
                    await dapr.Grpc("gamma").InvokeActorAsync(new() { ActorType = type, ActorId = "first", Method = Opening }, Running.Token, cancellationToken: cancellation);
                    return true;
                }
                catch (RpcException error) when (error.StatusCode is StatusCode.FailedPrecondition or StatusCode.Internal)
                {
                    return false;
                }
            }, cancellation);
        }

        return host;
    }

    public async Task SayAsync(Said said)
    {
        await _writing.WaitAsync();
        try
        {
            await _call.RequestStream.WriteAsync(said);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>The next event that has come or comes.</summary>
    public async Task<Event> NextAsync(CancellationToken cancellation)
    {
        Event? next = null;
        await Eventually.HoldsAsync(() => Task.FromResult(_seen.TryTake(out next)), cancellation);
        return next!;
    }

    public bool HasSeen(Func<Event, bool> what) => _seen.Any(what);

    /// <summary>Success.</summary>
    public static Said Done(Event asked) => asked.ResponseTypeCase switch
    {
        Event.ResponseTypeOneofCase.InvokeRequest => new() { InvokeResponse = new() { Id = asked.InvokeRequest.Id } },
        Event.ResponseTypeOneofCase.TimerRequest => new() { TimerResponse = new() { Id = asked.TimerRequest.Id } },
        Event.ResponseTypeOneofCase.ReminderRequest => new() { ReminderResponse = new() { Id = asked.ReminderRequest.Id } },
        _ => new() { DeactivateResponse = new() { Id = asked.DeactivateRequest.Id } },
    };

    private async Task ReadAsync(CancellationToken cancellation)
    {
        try
        {
            while (await _call.ResponseStream.MoveNext(cancellation))
            {
                var asked = _call.ResponseStream.Current;
                if (asked.InvokeRequest?.Method != Opening)
                {
                    _seen.Add(asked, CancellationToken.None);
                }

                if (Answers(asked) is { } said)
                {
                    await SayAsync(said);
                }
            }
        }
        catch (Exception error) when (error is RpcException or ObjectDisposedException or InvalidOperationException)
        {
            // The stream was given up.
        }
    }

    /// <summary>As an app that dies.</summary>
    public async Task BreakOffAsync()
    {
        _call.Dispose();
        await _reading;
    }

    public async ValueTask DisposeAsync()
    {
        await BreakOffAsync();
        _seen.Dispose();
        _writing.Dispose();
    }
}
