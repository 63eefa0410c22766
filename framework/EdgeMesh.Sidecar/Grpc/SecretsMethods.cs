using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.BuildingBlocks.Secrets;

namespace EdgeMesh.Sidecar.Grpc;

/// <summary>Secrets by gRPC.</summary>
internal static class SecretsMethods
{
    public static void Add(MethodTable methods)
    {
        methods.Add<GetSecretRequest, GetSecretResponse>("GetSecret", async (app, request, call) =>
            new GetSecretResponse { Data = { Copy(await SecretsBlock.GetAsync(app, request.StoreName, request.Key, call.CancellationToken)) } });
        methods.Add<GetBulkSecretRequest, GetBulkSecretResponse>("GetBulkSecret", async (app, request, call) =>
        {
            var response = new GetBulkSecretResponse();
            foreach (var (name, values) in await SecretsBlock.GetAllAsync(app, request.StoreName, call.CancellationToken))
            {
                response.Data[name] = new SecretResponse { Secrets = { Copy(values) } };
            }

            return response;
        });
    }

    private static Dictionary<string, string> Copy(IReadOnlyDictionary<string, string> values) => new(values);
}
