using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.BuildingBlocks.Metadata;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Metadata and shutdown by gRPC.</summary>
internal static class MetadataMethods
{
    public static void Add(MethodTable methods)
    {
        methods.Add<GetMetadataRequest, GetMetadataResponse>("GetMetadata", (app, _, _) =>
        {
            var about = MetadataBlock.Describe(app);
            var response = new GetMetadataResponse { Id = about.Id, RuntimeVersion = about.RuntimeVersion, ExtendedMetadata = { about.Extended } };
            response.RegisteredComponents.AddRange(about.Components.Select(c =>
                new RegisteredComponents { Name = c.Name, Type = c.Type, Version = c.Version, Capabilities = { c.Capabilities } }));
            response.Subscriptions.AddRange(about.Subscriptions.Select(s =>
                new PubsubSubscription { PubsubName = s.Pubsubname, Topic = s.Topic, DeadLetterTopic = s.DeadLetterTopic }));
            return Task.FromResult(response);
        });
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
}
