using EdgeMesh.Sidecar.Apps;

namespace EdgeMesh.Sidecar.Components;

/// <summary>An opened component as one app sees it. Apps share the driver, unless its settings name the app.</summary>
/// <param name="Spec">What it was opened from, with the app's own tags.</param>
/// <param name="Shared">The driver.</param>
internal sealed record OpenComponent(ComponentSpec Spec, ComponentDriver Shared)
{
    private const string Separator = "||";

    private string? _statePrefix;
    private object? _tapped;

    /// <summary>An <see cref="IStateStore"/>, <see cref="IPubSubBroker"/> or <see cref="ISecretStore"/>; null while it is not open.</summary>
    public object? Driver => Tap is not { } tap || Shared.Instance is not { } driver ? Shared.Instance : _tapped ??= TappedComponents.Behind(tap.Tap, tap.App, Spec.Name, driver);

    /// <summary>What stands between this app and the driver; null: nothing does.</summary>
    public (ComponentTap Tap, string App)? Tap { get; init; }

    /// <summary>Why it is not open.</summary>
    public string? Failure => Shared.Failure;

    /// <summary>Its failure is told, and keeps nobody from being ready.</summary>
    public bool IgnoreErrors { get; init; }

    /// <summary>What goes before an app's keys.</summary>
    public string StatePrefix(AppRuntime app) => _statePrefix ??= (Spec["keyPrefix"] ?? "appid") switch
    {
        "none" => "",
        "name" => Spec.Name + Separator,
        "namespace" => $"{app.Process.Namespace}.{app.AppId}{Separator}",
        "appid" or "" => app.AppId + Separator,
        var custom => custom + Separator,
    };
}
