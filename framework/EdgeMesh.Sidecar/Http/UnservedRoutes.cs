using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Http;

/// <summary>Dapr's APIs that this engine does not serve are refused by name.</summary>
internal static class UnservedRoutes
{
    private static readonly string[] Apis = 
    [
        "conversation",
        "subtlecrypto",
        "workflows",
    ];

    private static readonly string[] Versions = ["v1.0", "v1.0-alpha1", "v1.0-alpha2", "v1.0-beta1"];

    public static void MapUnserved(this IEndpointRouteBuilder routes)
    {
        foreach (var version in Versions)
        {
            foreach (var api in Apis)
            {
                routes.Map($"/{version}/{api}/{{**rest}}", Answers.Route((_, _) => throw Refusal(api)));
            }
        }
    }

    private static DaprFault Refusal(string api) =>
        new("ERR_API_UNIMPLEMENTED", $"the embedded engine does not serve the {api} API. Run the site on daprd for it.", 501, StatusCode.Unimplemented);
}
