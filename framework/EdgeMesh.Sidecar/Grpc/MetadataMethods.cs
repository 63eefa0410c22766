using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Metadata;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Metadata and shutdown by gRPC.</summary>
internal static class MetadataMethods
{
    public static void Add(MethodTable methods)
    {
        methods.Add<GetMetadataRequest, GetMetadataResponse>("GetMetadata", (app, _, _) => Task.FromResult(Describe(app)));
        methods.Add<SetMetadataRequest, Empty>("SetMetadata", (app, request, _) =>
        {
            app.Extended[request.Key] = request.Value;
            return Task.FromResult(new Empty());
        });
        methods.Add<ShutdownRequest, Empty>("Shutdown", (_, _, call) =>
        {
            call.GetHttpContext().RequestServices.GetRequiredService<IHostApplicationLifetime>().StopApplication();
            return Task.FromResult(new Empty());
        });
    }

    private static GetMetadataResponse Describe(AppRuntime app)
    {
        var about = MetadataBlock.Describe(app);
        var response = new GetMetadataResponse
        {
            Id = about.Id,
            RuntimeVersion = about.RuntimeVersion,
            ExtendedMetadata = { about.Extended },
            EnabledFeatures = { about.EnabledFeatures ?? [] },
            AppConnectionProperties = Describe(about.AppConnectionProperties),
        };
        response.RegisteredComponents.AddRange(about.Components.Select(c =>
            new RegisteredComponents { Name = c.Name, Type = c.Type, Version = c.Version, Capabilities = { c.Capabilities ?? [] } }));
        response.Subscriptions.AddRange(about.Subscriptions.Select(Describe));
        response.HttpEndpoints.AddRange((about.HttpEndpoints ?? []).Select(e => new MetadataHTTPEndpoint { Name = e.Name }));
        response.ActorRuntime = new ActorRuntime
        {
            RuntimeStatus = ActorRuntime.Types.ActorRuntimeStatus.Running,
            ActiveActors = { (about.Actors ?? []).Select(a => new ActiveActorsCount { Type = a.Type, Count = a.Count ?? 0 }) },
            HostReady = about.ActorRuntime.HostReady,
            Placement = about.ActorRuntime.Placement,
        };
        return response;
    }

    private static PubsubSubscription Describe(SubscriptionDescription subscription) => new()
    {
        PubsubName = subscription.Pubsubname,
        Topic = subscription.Topic,
        DeadLetterTopic = subscription.DeadLetterTopic,
        Metadata = { subscription.Metadata?.ToDictionary() ?? [] },
        Rules = new PubsubSubscriptionRules { Rules = { subscription.Rules.Select(r => new PubsubSubscriptionRule { Match = r.Match ?? "", Path = r.Path }) } },
        Type = System.Enum.Parse<PubsubSubscriptionType>(subscription.Type, ignoreCase: true),
    };

    private static AppConnectionProperties Describe(AppConnection connection) => new()
    {
        Port = connection.Port ?? 0,
        Protocol = connection.Protocol,
        ChannelAddress = connection.ChannelAddress,
        MaxConcurrency = connection.MaxConcurrency ?? 0,
        Health = connection.Health is { } health
            ? new AppConnectionHealthProperties
            {
                HealthCheckPath = health.HealthCheckPath ?? "",
                HealthProbeInterval = health.HealthProbeInterval,
                HealthProbeTimeout = health.HealthProbeTimeout,
                HealthThreshold = health.HealthThreshold,
            }
            : null,
    };
}
