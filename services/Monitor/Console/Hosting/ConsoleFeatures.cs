using EdgeMesh.Hosting;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Services.Monitor.Console.Hosting;

/// <summary>What a request of the monitor brings to the console: the connection and the verified caller, and nothing that belongs to the
/// monitor's own pipeline, such as its services or its routes.</summary>
internal static class ConsoleFeatures
{
    public static FeatureCollection Of(HttpContext outer)
    {
        var inner = new FeatureCollection();
        Pass<IHttpRequestFeature>();
        Pass<IHttpResponseFeature>();
        Pass<IHttpResponseBodyFeature>();
        Pass<IHttpConnectionFeature>();
        Pass<IHttpRequestLifetimeFeature>();
        Pass<IHttpRequestIdentifierFeature>();
        Pass<IHttpRequestBodyDetectionFeature>();
        Pass<IHttpMaxRequestBodySizeFeature>();
        Pass<IHttpBodyControlFeature>();
        Pass<IHttpUpgradeFeature>();
        Pass<Caller>();
        return inner;

        void Pass<T>() => inner.Set(outer.Features.Get<T>());
    }
}
