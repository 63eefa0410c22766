using EdgeMesh.Sidecar.Resources;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Components;

/// <summary>The process's components. Secret stores open first, because others refer to them.</summary>
internal sealed partial class ComponentCatalog : IAsyncDisposable
{
    private readonly Dictionary<string, OpenComponent> _components = new(StringComparer.Ordinal);

    public IEnumerable<OpenComponent> All => _components.Values;

    /// <summary>The component of that name which an app may use; null: unknown, or out of its scope.</summary>
    public OpenComponent? Find(string name, string appId) =>
        _components.TryGetValue(name, out var component) && component.Spec.IsFor(appId) ? component : null;

    public static async Task<ComponentCatalog> OpenAsync(
        IReadOnlyList<ComponentResource> resources, SidecarOptions options, ComponentContext context, List<string> faults, ILogger logger, CancellationToken cancellation)
    {
        var catalog = new ComponentCatalog();
        var tags = new TemplateTags(options);
        foreach (var resource in resources.OrderBy(r => r.Type.StartsWith("secretstores.", StringComparison.Ordinal) ? 0 : 1))
        {
            await catalog.OpenAsync(resource, tags, options, context, faults, logger, cancellation);
        }

        return catalog;
    }

    private async Task OpenAsync(
        ComponentResource resource, TemplateTags tags, SidecarOptions options, ComponentContext context, List<string> faults, ILogger logger, CancellationToken cancellation)
    {
        if (DriverTable.Find(resource.Type, resource.Version) is not { } driver)
        {
            faults.Add($"{resource.Source}: component '{resource.Name}' has type '{resource.Type}' ({resource.Version}), which the embedded engine does not have. It has: {string.Join(", ", DriverTable.Types)}. For others run the site on daprd.");
            return;
        }

        foreach (var item in resource.Metadata.Where(m => !driver.Fields.Contains(m.Name, StringComparer.OrdinalIgnoreCase)))
        {
            faults.Add($"{item.Source}: '{item.Name}' is not a field of {resource.Type} here. It knows: {string.Join(", ", driver.Fields)}.");
        }

        if (_components.ContainsKey(resource.Name))
        {
            faults.Add($"{resource.Source}: there are two components '{resource.Name}'.");
            return;
        }

        var spec = new ComponentSpec(resource.Name, resource.Type, resource.Version, await ResolveAsync(resource, tags, faults, cancellation))
        {
            Scopes = resource.Scopes,
            Source = resource.Source,
        };
        try
        {
            _components[resource.Name] = new OpenComponent(spec, driver.Open(spec, context), null);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Whatever a driver throws while it opens is this component's failure, told by name.
            _components[resource.Name] = new OpenComponent(spec, null, error.Message);
            LogFailed(logger, spec.Name, spec.Type, error.Message);
            if (options.ExitOnFailedComponent && !resource.IgnoreErrors)
            {
                faults.Add($"{resource.Source}: component '{spec.Name}' ({spec.Type}) can't be opened: {error.Message}");
            }
        }
    }

    private async Task<IReadOnlyDictionary<string, string>> ResolveAsync(ComponentResource resource, TemplateTags tags, List<string> faults, CancellationToken cancellation)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var item in resource.Metadata)
        {
            if (item.SecretName is null)
            {
                values[item.Name] = tags.Expand(item.Value ?? "", resource.Type);
                continue;
            }

            var store = resource.SecretStore is { } name && _components.TryGetValue(name, out var component) ? component.Driver as ISecretStore : null;
            if (store is null)
            {
                faults.Add($"{item.Source}: '{item.Name}' refers to a secret, and auth.secretStore '{resource.SecretStore}' is no secret store that could be opened.");
            }
            else if (await store.GetAsync(item.SecretName, cancellation) is { } secret && secret.TryGetValue(item.SecretKey ?? item.SecretName, out var value))
            {
                values[item.Name] = value;
            }
            else
            {
                faults.Add($"{item.Source}: '{item.Name}' refers to secret '{item.SecretName}', key '{item.SecretKey}', which is not in '{resource.SecretStore}'.");
            }
        }

        return values;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var component in _components.Values)
        {
            if (component.Driver is IAsyncDisposable driver)
            {
                await driver.DisposeAsync();
            }
        }
    }

    [LoggerMessage(LogLevel.Error, "Component {Name} ({Type}) can't be opened: {Reason}")]
    private static partial void LogFailed(ILogger logger, string name, string type, string reason);
}
