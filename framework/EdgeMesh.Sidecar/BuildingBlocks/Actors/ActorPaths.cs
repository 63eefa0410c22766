using System.Net;
using EdgeMesh.Sidecar.Apps;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>Actors of an app that speaks HTTP: each is a path of it.</summary>
internal sealed class ActorPaths(AppChannel channel, long maxBodySize) : IActorTransport
{
    public async Task<HttpResponseMessage> CallAsync(ActorCall call, CancellationToken cancellation)
    {
        call.Request.Method = HttpMethod.Put;
        call.Request.RequestUri = channel.Address($"{call.Actor.Path}/{call.Path}");
        HttpResponseMessage? answer = null;
        try
        {
            answer = await channel.SendAsync(call.Request, cancellation);
            await answer.Content.LoadIntoBufferAsync(maxBodySize, cancellation);
            return answer.StatusCode == HttpStatusCode.OK ? answer : throw await RefusedAsync(call, answer);
        }
        catch (Exception error)
        {
            answer?.Dispose();
            throw error is HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded } ? ActorFaults.Invoke($"the answer is longer than {maxBodySize} bytes") : error;
        }
    }

    public async Task DeactivateAsync(ActorAddress actor, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, channel.Address(actor.Path));
        using var answer = await channel.SendAsync(request, cancellation);
        if (!answer.IsSuccessStatusCode)
        {
            throw new HttpRequestException($"it answered {(int)answer.StatusCode}");
        }
    }

    private static async Task<DaprFault> RefusedAsync(ActorCall call, HttpResponseMessage answer) =>
        answer.StatusCode == HttpStatusCode.NotFound
            ? ActorFaults.Unknown($"{call.Actor.Path[1..]}/{call.Path}")
            : ActorFaults.Refused($"({(int)answer.StatusCode}) {await answer.Content.ReadAsStringAsync()}");
}
