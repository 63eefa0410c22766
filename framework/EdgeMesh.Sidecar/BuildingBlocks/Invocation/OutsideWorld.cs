using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Resources;

namespace EdgeMesh.Sidecar.BuildingBlocks.Invocation;

/// <summary>Every server outside that apps of the process may invoke, and the connections to them.</summary>
internal sealed class OutsideWorld : IDisposable
{
    private readonly List<(IReadOnlyList<string> Scopes, string Name, ExternalEndpoint Endpoint)> _endpoints = [];
    private readonly HttpMessageInvoker _any = new(ExternalEndpoint.Handler());

    public static async Task<OutsideWorld> OpenAsync(
        IReadOnlyList<HttpEndpointResource> resources, SidecarOptions options, ComponentCatalog components, IReadOnlyDictionary<string, string> environment, List<string> faults, CancellationToken cancellation)
    {
        var world = new OutsideWorld();
        var secrets = new SecretReferences([.. options.Apps.Select(a => a.AppId)], components, environment);
        foreach (var resource in resources)
        {
            try
            {
                world._endpoints.Add((resource.Scopes, resource.Name, await ExternalEndpoint.OpenAsync(resource, secrets, cancellation)));
            }
            catch (ArgumentException error)
            {
                faults.Add($"{resource.Source}: HTTPEndpoint '{resource.Name}' can't be used: {error.Message}");
            }
        }

        return world;
    }

    public ExternalEndpoints For(string appId)
    {
        var named = new Dictionary<string, ExternalEndpoint>(StringComparer.Ordinal);
        foreach (var (scopes, name, endpoint) in _endpoints.Where(e => e.Scopes.Count == 0 || e.Scopes.Contains(appId, StringComparer.Ordinal)))
        {
            named[name] = endpoint;
        }

        return new ExternalEndpoints(named, _any);
    }

    public void Dispose()
    {
        _endpoints.ForEach(e => e.Endpoint.Dispose());
        _any.Dispose();
    }
}
