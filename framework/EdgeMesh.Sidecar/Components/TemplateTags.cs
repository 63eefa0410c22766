namespace EdgeMesh.Sidecar.Components;

/// <summary>Expands what daprd expands in metadata values. A process with several apps keeps <c>{appID}</c> and <c>{namespace}</c> of a
/// consumerID for the building block, which knows the app.</summary>
internal sealed class TemplateTags(SidecarOptions options)
{
    private readonly string _uuid = Guid.NewGuid().ToString();

    public string Expand(string value, string type)
    {
        var expanded = value
            .Replace("{uuid}", _uuid, StringComparison.Ordinal)
            .Replace("{podName}", Environment.MachineName, StringComparison.Ordinal);
        return type.StartsWith("pubsub.", StringComparison.Ordinal) || options.Apps.Count != 1 ? expanded : For(expanded, options.Namespace, options.Apps[0].AppId);
    }

    /// <summary><c>{namespace}</c> is the namespace and the app id, as in daprd.</summary>
    public static string For(string value, string site, string appId) =>
        value.Replace("{namespace}", $"{site}.{appId}", StringComparison.Ordinal).Replace("{appID}", appId, StringComparison.Ordinal);
}
