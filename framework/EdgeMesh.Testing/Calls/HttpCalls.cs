using EdgeMesh.Sidecar;
using EdgeMesh.Sidecar.Apps;

namespace EdgeMesh.Testing;

/// <summary>What a sidecar's requests to an HTTP app are.</summary>
internal static class HttpCalls
{
    private const string Actors = "/actors/";
    private const string Jobs = "/job/";

    /// <summary>Null: the sidecar asks something for itself.</summary>
    public static DaprCall? See(string appId, HttpRequestMessage request, byte[] data)
    {
        var path = request.RequestUri!.AbsolutePath;
        if (request.Options.TryGetValue(AppChannel.Binding, out var binding))
        {
            return new DaprCall(CallKind.BindingEvent, binding, appId, binding, data);
        }

        if (request.Headers.TryGetValues("pubsubname", out var component))
        {
            return new DaprCall(CallKind.Delivery, component.First(), appId, EventJson.Text(data, "topic") is { Length: > 0 } topic ? topic : path, data);
        }

        var from = request.Headers.TryGetValues("dapr-caller-app-id", out var caller) ? caller.First() : "";
        if (path.StartsWith(Actors, StringComparison.Ordinal))
        {
            return new DaprCall(CallKind.ActorCall, from, appId, Uri.UnescapeDataString(path[Actors.Length..]), data);
        }

        return from.Length > 0 ? new DaprCall(CallKind.Invocation, from, appId, $"{request.Method} {path}", data)
            : path.StartsWith(Jobs, StringComparison.Ordinal) ? new DaprCall(CallKind.JobTrigger, ComponentCall.Scheduler, appId, Uri.UnescapeDataString(path[Jobs.Length..]), data)
            : null;
    }
}
