using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Actors;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary><c>SubscribeActorEventsAlpha1</c>: an app that speaks gRPC hosts the actor types that its first message names, as long as its
/// stream lasts. Of several streams of one app the last that names a type has it.</summary>
internal static class ActorStreamMethods
{
    private static readonly TimeSpan LongestTime = TimeSpan.FromDays(36_500);

    public static void Add(MethodTable methods) => methods.AddDuplexStream<SubscribeActorEventsRequestAlpha1, SubscribeActorEventsResponseAlpha1>("SubscribeActorEventsAlpha1", StreamAsync);

    private static async Task StreamAsync(AppRuntime app, IAsyncStreamReader<SubscribeActorEventsRequestAlpha1> requests, IServerStreamWriter<SubscribeActorEventsResponseAlpha1> events, ServerCallContext call)
    {
        if (app.Channel?.Callbacks is null)
        {
            throw new RpcException(new Status(StatusCode.FailedPrecondition, "actor callback streaming requires a gRPC app channel"));
        }

        using var lifetime = call.Lifetime();
        if (!await requests.MoveNext(lifetime.Token))
        {
            return;
        }

        var types = Types(requests.Current.InitialRequest ?? throw Invalid("first message must be SubscribeActorEventsRequestInitialAlpha1"));
        var logger = call.GetHttpContext().RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger("EdgeMesh.Sidecar");
        using var stream = new ActorStream(events);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(call.CancellationToken);
        var host = new ActorHost(app, app.Process.Tap is { } tap ? new TappedActors(tap, app.AppId, stream) : stream, types, logger);
        IAsyncDisposable hosted = host;
        var reading = Task.CompletedTask;
        try
        {
            await app.Directory.Actors.JoinAsync(host);
            hosted = app.ActorStreams.Hold(host);
            await stream.BeginAsync(lifetime.Token);
            reading = ReadAsync(requests, stream, ended.Token);
            await reading.WaitAsync(lifetime.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            // A sidecar that stops drains its actors, for which the app must be heard until the end.
            await hosted.DisposeAsync();
            await ended.CancelAsync();
            await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Until the app goes.</summary>
    private static async Task ReadAsync(IAsyncStreamReader<SubscribeActorEventsRequestAlpha1> requests, ActorStream stream, CancellationToken cancellation)
    {
        try
        {
            while (await requests.MoveNext(cancellation))
            {
                stream.Settle(requests.Current);
            }
        }
        finally
        {
            stream.End();
        }
    }

    private static Dictionary<string, ActorSettings> Types(SubscribeActorEventsRequestInitialAlpha1 asked)
    {
        var all = Settings(ActorSettings.Default, asked.ActorIdleTimeout, asked.DrainOngoingCallTimeout, asked.HasDrainRebalancedActors ? asked.DrainRebalancedActors : null, asked.Reentrancy);
        var types = asked.Entities.Distinct(StringComparer.Ordinal).ToDictionary(name => name, _ => all, StringComparer.Ordinal);
        foreach (var own in asked.EntitiesConfig)
        {
            var settings = Settings(all, own.ActorIdleTimeout, own.DrainOngoingCallTimeout, own.HasDrainRebalancedActors ? own.DrainRebalancedActors : null, own.Reentrancy);
            foreach (var name in own.Entities.Where(types.ContainsKey))
            {
                types[name] = settings;
            }
        }

        return types;
    }

    private static ActorSettings Settings(ActorSettings fallback, Duration? idle, Duration? drain, bool? drainMoved, ActorReentrancyConfig? reentrancy) => new()
    {
        IdleTimeout = Time(idle) ?? fallback.IdleTimeout,
        DrainTimeout = Time(drain) ?? fallback.DrainTimeout,
        DrainMoved = drainMoved ?? fallback.DrainMoved,
        Reentrant = reentrancy?.Enabled ?? fallback.Reentrant,
        MaxStackDepth = reentrancy is { HasMaxStackDepth: true, MaxStackDepth: > 0 } ? (int)Math.Min(reentrancy.MaxStackDepth, int.MaxValue) : fallback.MaxStackDepth,
    };

    /// <returns>Null: not said, or nought, which is as much.</returns>
    private static TimeSpan? Time(Duration? said)
    {
        if (said is null or { Seconds: 0, Nanos: 0 })
        {
            return null;
        }

        return said.Seconds >= 0 && said.Seconds <= LongestTime.TotalSeconds && said.Nanos is >= 0 and < 1_000_000_000 ? said.ToTimeSpan() : throw Invalid($"a time of {said.Seconds} s and {said.Nanos} ns can't be waited for");
    }

    private static RpcException Invalid(string reason) => new(new Status(StatusCode.InvalidArgument, reason));
}
