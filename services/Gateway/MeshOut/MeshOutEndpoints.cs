using System.Text.Json.Serialization;

namespace EdgeMesh.Services.Gateway.MeshOut;

/// <summary>What local services find at the app listener: the way to other sites.</summary>
internal static class MeshOutEndpoints
{
    // Plain delegates and generated JSON: nothing is compiled at start.
    public static void MapMeshOut(this WebApplication app)
    {
        var outgoing = app.Services.GetRequiredService<OutgoingRequests>();
        app.MapGet("/mesh/peers", (RequestDelegate)(context => context.Response.WriteAsJsonAsync(
            [.. outgoing.Peers], PeersJson.Default.StringArray, cancellationToken: context.RequestAborted)));
        app.Map("/mesh/{site}/{**path}", (RequestDelegate)outgoing.AnswerAsync);
    }
}

/// <summary>Generated serialisation of the list of peers.</summary>
[JsonSerializable(typeof(string[]))]
internal sealed partial class PeersJson : JsonSerializerContext;
