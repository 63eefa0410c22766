using System.Net;

namespace EdgeMesh.Testing;

/// <summary>Records what a sidecar calls on its app, and lets faults strike there. Bodies are read whole: they are recorded, and may be sent
/// twice. What the sidecar only asks (subscriptions, configuration, health) passes as it is.</summary>
internal sealed class AppCalls(string appId, CallLog log, FaultPlan faults, HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var data = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancellationToken);
        if (See(request, data) is not { } call)
        {
            return await base.SendAsync(request, cancellationToken);
        }

        HttpResponseMessage? answer = null;
        try
        {
            await faults.RunAsync(call, async () =>
            {
                answer?.Dispose();
                answer = await base.SendAsync(Copy(request, data), cancellationToken);
            }, cancellationToken);
            log.Add(call with { Status = (int?)answer?.StatusCode });
            // Dropped or held back: for the sidecar it is done.
            return answer ?? new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request };
        }
        catch (Exception error)
        {
            answer?.Dispose();
            log.Add(call with { Failure = error });
            throw;
        }
    }

    private DaprCall? See(HttpRequestMessage request, byte[] data)
    {
        var path = request.RequestUri!.AbsolutePath;
        if (request.Headers.TryGetValues("pubsubname", out var component))
        {
            return new DaprCall(CallKind.Delivery, component.First(), appId, EventJson.Text(data, "topic") is { Length: > 0 } topic ? topic : path, data);
        }

        var from = request.Headers.TryGetValues("dapr-caller-app-id", out var caller) ? caller.First() : "";
        if (path.StartsWith("/actors/", StringComparison.Ordinal))
        {
            return new DaprCall(CallKind.ActorCall, from, appId, Uri.UnescapeDataString(path["/actors/".Length..]), data);
        }

        return from.Length == 0 ? null : new DaprCall(CallKind.Invocation, from, appId, $"{request.Method} {path}", data);
    }

    /// <summary>A request can be sent once; a fault may send it twice.</summary>
    private static HttpRequestMessage Copy(HttpRequestMessage request, byte[] data)
    {
        var copy = new HttpRequestMessage(request.Method, request.RequestUri) { Version = request.Version, VersionPolicy = request.VersionPolicy };
        foreach (var (name, values) in request.Headers.NonValidated)
        {
            copy.Headers.TryAddWithoutValidation(name, values);
        }

        if (request.Content is not null)
        {
            copy.Content = new ByteArrayContent(data);
            foreach (var (name, values) in request.Content.Headers.NonValidated)
            {
                copy.Content.Headers.TryAddWithoutValidation(name, values);
            }
        }

        return copy;
    }
}
