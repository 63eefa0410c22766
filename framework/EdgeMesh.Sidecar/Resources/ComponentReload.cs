using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Actors;
using EdgeMesh.Sidecar.BuildingBlocks.State;
using EdgeMesh.Sidecar.Components;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Resources;

/// <summary>Opens, replaces and closes components while the sidecar runs. The new one is open before the old one goes, which is closed when
/// the calls that have it in hand are done. What can't be opened changes nothing.</summary>
internal sealed partial class ComponentReload(SidecarOptions options, ComponentContext context, ComponentCatalog catalog, CallsUnderWay calls, IReadOnlyList<AppStarter> apps, ILogger logger) : IAsyncDisposable
{
    /// <summary>A call that takes longer may find its component closed.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stop = new();

    /// <summary>Ends when all that went is closed.</summary>
    private Task _closing = Task.CompletedTask;

    /// <returns>Whether the components are now as <paramref name="after"/> says.</returns>
    public async Task<bool> RunAsync(IReadOnlyList<ComponentResource> before, IReadOnlyList<ComponentResource> after, CancellationToken cancellation)
    {
        var names = Changed(before, after);
        if (names.Count == 0)
        {
            return true;
        }

        var faults = new List<string>();
        faults.AddRange(before.Concat(after).Where(c => names.Contains(c.Name) && ActorState.IsForActors(c))
            .Select(c => $"{c.Source}: '{c.Name}' is the store of actors: its change takes effect when the sidecar is started again.").Distinct());
        var next = catalog.Without(names);
        if (faults.Count == 0)
        {
            // What fails to open is a fault here, whatever it would be at the start: there is something that works to keep.
            var opener = new ComponentOpener(options with { ExitOnFailedComponent = true }, context, next, faults, logger);
            await opener.OpenAsync([.. after.Where(c => names.Contains(c.Name)).Select(c => c with { IgnoreErrors = false })], cancellation);
        }

        if (faults.Count > 0)
        {
            faults.ForEach(f => LogFault(logger, f));
            await next.DisposeAsync();
            return false;
        }

        var gone = catalog.Take(next, names);
        var withBindings = before.Concat(after).Any(c => names.Contains(c.Name) && c.Type.StartsWith("bindings.", StringComparison.Ordinal));
        try
        {
            foreach (var app in apps)
            {
                await app.TakeAsync(names, withBindings, HasOutbox(app.App, names, before), cancellation);
            }
        }
        finally
        {
            // They are out of the catalog, whatever an app made of it.
            _closing = CloseAsync(gone, _closing, calls.EndedAsync());
        }

        LogTaken(logger, string.Join(", ", names.Order(StringComparer.Ordinal)));
        return true;
    }

    /// <summary>Whether an outbox begins, ends, or has another broker.</summary>
    private static bool HasOutbox(AppRuntime app, HashSet<string> names, IReadOnlyList<ComponentResource> before) =>
        before.Any(c => names.Contains(c.Name) && c.Metadata.Any(m => OutboxOptions.Fields.Contains(m.Name, StringComparer.OrdinalIgnoreCase)))
        || app.Components.Select(c => OutboxOptions.Of(c.Spec)).OfType<OutboxOptions>().Any(o => names.Contains(o.Store) || names.Contains(o.PubSub) || names.Contains(o.InternalPubSub));

    private static HashSet<string> Changed(IReadOnlyList<ComponentResource> before, IReadOnlyList<ComponentResource> after)
    {
        var old = before.ToLookup(c => c.Name, c => c.Text);
        var now = after.ToLookup(c => c.Name, c => c.Text);
        return before.Concat(after).Select(c => c.Name).Where(name => !old[name].SequenceEqual(now[name], StringComparer.Ordinal)).ToHashSet(StringComparer.Ordinal);
    }

    private async Task CloseAsync(IReadOnlyList<IAsyncDisposable> gone, Task before, Task ended)
    {
        await before;
        try
        {
            // Calls are made by others, whatever clock a test gave to this process.
            await ended.WaitAsync(Patience, TimeProvider.System, _stop.Token);
        }
        catch (TimeoutException)
        {
            LogImpatient(logger, Patience.TotalSeconds);
        }
        catch (OperationCanceledException)
        {
            // The sidecar stops, and has waited for its calls.
        }

        foreach (var driver in gone)
        {
            await driver.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _closing;
        _stop.Dispose();
    }

    [LoggerMessage(LogLevel.Error, "The changed resources are not taken over: {Fault}")]
    private static partial void LogFault(ILogger logger, string fault);

    [LoggerMessage(LogLevel.Information, "The changed components are taken over: {Names}")]
    private static partial void LogTaken(ILogger logger, string names);

    [LoggerMessage(LogLevel.Warning, "Calls of the API have taken more than {Seconds} s: components that were replaced are closed under them")]
    private static partial void LogImpatient(ILogger logger, double seconds);
}
