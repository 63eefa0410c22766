using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Actors;
using EdgeMesh.Sidecar.BuildingBlocks.Bindings;
using EdgeMesh.Sidecar.BuildingBlocks.Jobs;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Grpc;
using EdgeMesh.Sidecar.Http;
using Microsoft.AspNetCore.Routing;

namespace EdgeMesh.Sidecar;

/// <summary>A building block as the sidecar serves it.</summary>
/// <param name="Routes">Adds its HTTP routes.</param>
/// <param name="Methods">Adds its gRPC methods; null: it has none.</param>
internal sealed record ServedBlock(Action<IEndpointRouteBuilder> Routes, Action<MethodTable>? Methods)
{
    /// <summary>What it does for an app that is there, until that goes or the sidecar stops; null: it only answers.</summary>
    public AppPart? Part { get; init; }

    /// <summary>In this order parts start, and in the opposite one they end.</summary>
    public static readonly IReadOnlyList<ServedBlock> All =
    [
        new(StateRoutes.MapState, StateMethods.Add),
        new(PubSubRoutes.MapPubSub, PubSubMethods.Add) { Part = AppSubscriptions.StartAsync },
        new(ActorRoutes.MapActors, ActorMethods.Add) { Part = ActorHosting.StartAsync },
        new(SecretsRoutes.MapSecrets, SecretsMethods.Add),
        new(BindingRoutes.MapBindings, BindingMethods.Add) { Part = InputBindings.StartAsync },
        new(ConfigurationRoutes.MapConfiguration, ConfigurationMethods.Add),
        new(LockRoutes.MapLocks, LockMethods.Add),
        new(CryptographyRoutes.MapCryptography, CryptographyMethods.Add),
        new(JobRoutes.MapJobs, JobMethods.Add) { Part = JobRunner.StartAsync },
        new(MetadataRoutes.MapMetadata, MetadataMethods.Add),
        new(HealthRoutes.MapHealth, null),
        new(UnservedRoutes.MapUnserved, null),
        new(InvocationRoutes.MapInvocation, InvocationMethods.Add),
    ];
}
