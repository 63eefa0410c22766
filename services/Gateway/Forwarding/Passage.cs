using EdgeMesh.Services.Gateway.Errors;
using Yarp.ReverseProxy.Forwarder;

namespace EdgeMesh.Services.Gateway.Forwarding;

/// <summary>One request on its way to one address, which is sent as it stands.</summary>
/// <param name="target">Where it goes.</param>
/// <param name="apiToken">For the sidecar; null: none.</param>
/// <param name="judge">Looks at an answer's head before it is passed back; a refusal takes its place.</param>
internal sealed class Passage(Uri target, string? apiToken = null, Func<HttpResponseMessage, CancellationToken, ValueTask<Refusal?>>? judge = null) : HttpTransformer
{
    /// <summary>What takes the place of the answer.</summary>
    public Refusal? Refusal { get; private set; }

    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        proxyRequest.RequestUri = target;
        // The host that a client named is its own affair; services take public addresses from their configuration.
        proxyRequest.Headers.Host = null;
        if (apiToken is not null)
        {
            proxyRequest.Headers.TryAddWithoutValidation("dapr-api-token", apiToken);
        }
    }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is not null && judge is not null)
        {
            Refusal = await judge(proxyResponse, cancellationToken);
        }

        if (Refusal is not null)
        {
            return false;
        }

        var pass = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        HeaderRules.CleanAnswer(httpContext.Response.Headers);
        return pass;
    }
}
