using EdgeMesh.Sidecar.Resources;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Components;

/// <summary>Opens the components of a process. Secret stores come first, because others refer to them. What is wrong with a resource is a
/// fault of the configuration; what fails while a driver opens is the component's own failure.</summary>
internal sealed partial class ComponentOpener(SidecarOptions options, ComponentContext context, ComponentCatalog catalog, List<string> faults, ILogger logger)
{
    /// <summary>Fields that building blocks read for each app; a driver never sees what an app's tags make of them.</summary>
    private static readonly string[] PerAppFields = ["consumerID", "consumerGroup", "keyPrefix"];

    private readonly TemplateTags _tags = new(options.Namespace, context.Environment);

    /// <summary>Adds components to the catalog, which is closed when that can't go on.</summary>
    public async Task<ComponentCatalog> OpenAsync(IReadOnlyList<ComponentResource> resources, CancellationToken cancellation)
    {
        try
        {
            foreach (var resource in resources.OrderBy(r => r.Type.StartsWith("secretstores.", StringComparison.Ordinal) ? 0 : 1))
            {
                cancellation.ThrowIfCancellationRequested();
                await OpenAsync(resource, cancellation);
            }

            return catalog;
        }
        catch
        {
            await catalog.DisposeAsync();
            throw;
        }
    }

    private async Task OpenAsync(ComponentResource resource, CancellationToken cancellation)
    {
        var apps = options.Apps.Select(a => a.AppId).Where(id => resource.Scopes.Count == 0 || resource.Scopes.Contains(id, StringComparer.Ordinal)).ToArray();
        if (apps.Length == 0)
        {
            // Another process's component, in a folder that both read.
            return;
        }

        if (DriverTable.Find(resource.Type, resource.Version, context.Environment) is not { } driver)
        {
            faults.Add($"{resource.TypeSource}: component '{resource.Name}' has type '{resource.Type}' ({resource.Version}), which the embedded engine does not have. It has: {string.Join(", ", DriverTable.Types)}. For others run the site on daprd.");
            return;
        }

        foreach (var item in resource.Metadata.Where(m => !driver.TakesAnyField && !driver.Fields.Contains(m.Name, StringComparer.OrdinalIgnoreCase)))
        {
            faults.Add($"{item.Source}: '{item.Name}' is not a field of {resource.Type} here. It knows: {string.Join(", ", driver.Fields)}.");
        }

        await OpenAsync(resource, driver, apps, cancellation);
    }

    private async Task OpenAsync(ComponentResource resource, DriverTable.Driver driver, string[] apps, CancellationToken cancellation)
    {
        var (values, failure) = await ResolveAsync(resource, cancellation);
        if (values.Any(v => !PerAppFields.Contains(v.Key, StringComparer.OrdinalIgnoreCase) && TemplateTags.NamesTheApp(v.Value)))
        {
            foreach (var app in apps)
            {
                var own = Spec(resource, values.ToDictionary(v => v.Key, v => _tags.ForApp(v.Value, app), StringComparer.OrdinalIgnoreCase));
                Add(resource, [app], own, await OpenAsync(resource, driver, own, failure, cancellation));
            }

            return;
        }

        var spec = Spec(resource, values);
        Add(resource, apps, spec, await OpenAsync(resource, driver, spec, failure, cancellation));
    }

    private ComponentSpec Spec(ComponentResource resource, IReadOnlyDictionary<string, string> values) =>
        new(resource.Name, resource.Type, resource.Version, values)
        {
            Scopes = resource.Scopes,
            Source = resource.Source,
            TopicPrefix = resource.Metadata.Any(m => m.Value?.Contains(TemplateTags.Namespace, StringComparison.Ordinal) == true) ? options.Namespace : "",
        };

    private void Add(ComponentResource resource, string[] apps, ComponentSpec spec, ComponentDriver driver)
    {
        foreach (var app in apps)
        {
            var own = spec with { Metadata = spec.Metadata.ToDictionary(m => m.Key, m => _tags.ForApp(m.Value, app), StringComparer.OrdinalIgnoreCase) };
            if (!catalog.TryAdd(app, new OpenComponent(own, driver) { IgnoreErrors = resource.IgnoreErrors, Tap = options.Tap is { } tap ? (tap, app) : null }))
            {
                faults.Add($"{resource.Source}: there are two components '{resource.Name}' for the app '{app}'. Rename one, or scope them to different apps.");
            }
        }
    }

    private async Task<ComponentDriver> OpenAsync(ComponentResource resource, DriverTable.Driver driver, ComponentSpec spec, string? failure, CancellationToken cancellation)
    {
        object? opened = null;
        try
        {
            if (failure is null)
            {
                opened = driver.Open(spec, context);
                catalog.Own(opened, spec.Name);
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            // Whatever a driver throws while it opens is this component's failure, told by name.
            failure = error.Message;
        }

        var server = opened as IServerDriver;
        failure ??= server is null ? null : await ServerContact.TryAsync(server, resource.InitTimeout, cancellation);
        if (failure is null)
        {
            return ComponentDriver.Open(Exposed(spec, opened!));
        }

        LogFailed(logger, spec.Name, spec.Type, failure);
        if (options.ExitOnFailedComponent && !resource.IgnoreErrors)
        {
            faults.Add($"{resource.Source}: component '{spec.Name}' ({spec.Type}) can't be opened: {failure}");
        }

        return server is null ? ComponentDriver.Failed(failure) : Await(server, resource, spec, failure);
    }

    /// <summary>As building blocks see it. The types of our own that carry between sites have no namespaces.</summary>
    private static object Exposed(ComponentSpec spec, object opened) => opened is IPubSubBroker broker and IServerDriver ? PrefixedBroker.Of(broker, spec.TopicPrefix) : opened;

    /// <summary>The process goes on without the component, which opens when its server answers.</summary>
    private ComponentDriver Await(IServerDriver server, ComponentResource resource, ComponentSpec spec, string failure)
    {
        var awaited = ComponentDriver.Awaited(failure);
        // A server comes up in its own time, whatever clock a test gave to this process.
        catalog.Own(new ServerContact(spec, server, awaited, () => Exposed(spec, server), resource.InitTimeout, TimeProvider.System, logger), spec.Name);
        return awaited;
    }

    private async Task<(Dictionary<string, string> Values, string? Failure)> ResolveAsync(ComponentResource resource, CancellationToken cancellation)
    {
        var values = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var secrets = new SecretReferences([.. options.Apps.Select(a => a.AppId)], catalog, context.Environment);
        string? failure = null;
        foreach (var item in resource.Metadata)
        {
            try
            {
                values[item.Name] = _tags.Expand(item.Name, await secrets.ValueAsync(resource.SecretStore, item, cancellation));
            }
            catch (ArgumentException error)
            {
                failure ??= $"{error.Message} ({item.Source})";
            }
        }

        return (values, failure);
    }

    [LoggerMessage(LogLevel.Error, "Component {Name} ({Type}) can't be opened: {Reason}")]
    private static partial void LogFailed(ILogger logger, string name, string type, string reason);
}
