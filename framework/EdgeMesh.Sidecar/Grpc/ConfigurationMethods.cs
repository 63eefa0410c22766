using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Configuration;
using EdgeMesh.Sidecar.Components.ConfigurationSqlite;
using Google.Protobuf.Collections;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Configuration by gRPC, under its stable names and those from before.</summary>
internal static class ConfigurationMethods
{
    public static void Add(MethodTable methods)
    {
        foreach (var suffix in new[] { "", "Alpha1" })
        {
            methods.Add<GetConfigurationRequest, GetConfigurationResponse>("GetConfiguration" + suffix, async (app, request, call) =>
            {
                var response = new GetConfigurationResponse();
                AddItems(response.Items, await ConfigurationBlock.GetAsync(app, request.StoreName, request.Keys, request.Metadata.AsReadOnly(), call.CancellationToken));
                return response;
            });
            methods.AddServerStream<SubscribeConfigurationRequest, SubscribeConfigurationResponse>("SubscribeConfiguration" + suffix, SubscribeAsync);
            methods.Add<UnsubscribeConfigurationRequest, UnsubscribeConfigurationResponse>("UnsubscribeConfiguration" + suffix, (app, request, _) => Task.FromResult(
                ConfigurationBlock.Unsubscribe(app, request.Id)
                    ? new UnsubscribeConfigurationResponse { Ok = true }
                    : new UnsubscribeConfigurationResponse { Message = $"failed to unsubscribe to configuration request {request.Id}: subscription does not exist" }));
        }
    }

    /// <summary>The first message names the subscription; it ends with the call, or when it is unsubscribed.</summary>
    private static async Task SubscribeAsync(AppRuntime app, SubscribeConfigurationRequest request, IServerStreamWriter<SubscribeConfigurationResponse> answers, ServerCallContext call)
    {
        using var lifetime = call.Lifetime();
        var subscription = await ConfigurationBlock.SubscribeAsync(app, request.StoreName, request.Keys, request.Metadata.AsReadOnly(), lifetime.Token);
        try
        {
            await answers.WriteAsync(new SubscribeConfigurationResponse { Id = subscription.Id }, lifetime.Token);
            await foreach (var changed in subscription.ChangesAsync(lifetime.Token))
            {
                var message = new SubscribeConfigurationResponse { Id = subscription.Id };
                AddItems(message.Items, changed);
                await answers.WriteAsync(message, lifetime.Token);
            }
        }
        catch (Exception error) when (lifetime.IsCancellationRequested && error is OperationCanceledException or InvalidOperationException or IOException)
        {
            // The client went, or the sidecar stops.
        }
        finally
        {
            ConfigurationBlock.Unsubscribe(app, subscription.Id);
        }
    }

    private static void AddItems(MapField<string, ConfigurationItem> items, IReadOnlyDictionary<string, ConfigurationValue> values)
    {
        foreach (var (key, value) in values)
        {
            items[key] = new ConfigurationItem { Value = value.Value, Version = value.Version, Metadata = { new Dictionary<string, string>(value.Metadata) } };
        }
    }
}
