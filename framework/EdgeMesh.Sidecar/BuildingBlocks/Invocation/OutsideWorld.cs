using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Resources;

namespace EdgeMesh.Sidecar.BuildingBlocks.Invocation;

/// <summary>Every server outside that apps of the process may invoke, and the connections to them.</summary>
internal sealed class OutsideWorld(SidecarOptions options, ComponentCatalog components, IReadOnlyDictionary<string, string> environment) : IAsyncDisposable
{
    /// <summary>Calls that found an endpoint before it was replaced may use it for so long: invocations, which may stream for hours, are not
    /// counted as calls that have a component in hand are.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly HttpMessageInvoker _any = new(ExternalEndpoint.Handler());
    private readonly CancellationTokenSource _stop = new();
    private IReadOnlyList<NamedEndpoint> _endpoints = [];

    /// <summary>Ends when all that were replaced are closed.</summary>
    private Task _closing = Task.CompletedTask;

    /// <summary>Has these, and no longer those from before; with a fault, all stays as it was.</summary>
    public async Task OpenAsync(IReadOnlyList<HttpEndpointResource> resources, List<string> faults, CancellationToken cancellation)
    {
        var (endpoints, faultsBefore) = (new List<NamedEndpoint>(), faults.Count);
        var secrets = new SecretReferences([.. options.Apps.Select(a => a.AppId)], components, environment);
        foreach (var resource in resources)
        {
            try
            {
                endpoints.Add(new NamedEndpoint(resource.Scopes, resource.Name, await ExternalEndpoint.OpenAsync(resource, secrets, cancellation)));
            }
            catch (ArgumentException error)
            {
                faults.Add($"{resource.Source}: HTTPEndpoint '{resource.Name}' can't be used: {error.Message}");
            }
        }

        if (faults.Count > faultsBefore)
        {
            Close(endpoints);
            return;
        }

        _closing = CloseAsync(_endpoints, _closing);
        _endpoints = endpoints;
    }

    public ExternalEndpoints For(string appId)
    {
        var named = new Dictionary<string, ExternalEndpoint>(StringComparer.Ordinal);
        foreach (var (_, name, endpoint) in _endpoints.Where(e => e.Scopes.Count == 0 || e.Scopes.Contains(appId, StringComparer.Ordinal)))
        {
            named[name] = endpoint;
        }

        return new ExternalEndpoints(named, _any);
    }

    private async Task CloseAsync(IReadOnlyList<NamedEndpoint> replaced, Task before)
    {
        // Calls are made by others, whatever clock a test gave to this process.
        await Task.Delay(replaced.Count > 0 ? Patience : TimeSpan.Zero, TimeProvider.System, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Close(replaced);
        await before;
    }

    private static void Close(IEnumerable<NamedEndpoint> endpoints)
    {
        foreach (var (_, _, endpoint) in endpoints)
        {
            endpoint.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _closing;
        Close(_endpoints);
        _any.Dispose();
        _stop.Dispose();
    }

    private sealed record NamedEndpoint(IReadOnlyList<string> Scopes, string Name, ExternalEndpoint Endpoint);
}
