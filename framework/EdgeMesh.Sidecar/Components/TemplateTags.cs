namespace EdgeMesh.Sidecar.Components;

/// <summary>Expands what daprd expands in metadata values: <c>{namespace}</c> (the namespace and the app id), <c>{appID}</c>, <c>{podName}</c>
/// and <c>{uuid}</c> (a new one each time).</summary>
internal sealed class TemplateTags(string site, IReadOnlyDictionary<string, string> environment)
{
    public const string Namespace = "{namespace}";

    /// <summary>Whether a value means something else for each app.</summary>
    public static bool NamesTheApp(string value) =>
        value.Contains(Namespace, StringComparison.Ordinal) || value.Contains("{appID}", StringComparison.Ordinal);

    /// <exception cref="ArgumentException">The pod's name is asked for, and there is none.</exception>
    public string Expand(string field, string value)
    {
        if (!value.Contains('{', StringComparison.Ordinal))
        {
            return value;
        }

        while (value.IndexOf("{uuid}", StringComparison.Ordinal) is >= 0 and var at)
        {
            value = string.Concat(value.AsSpan(0, at), Guid.NewGuid().ToString(), value.AsSpan(at + "{uuid}".Length));
        }

        return !value.Contains("{podName}", StringComparison.Ordinal) ? value
            : environment.GetValueOrDefault("POD_NAME") is { Length: > 0 } pod ? value.Replace("{podName}", pod, StringComparison.Ordinal)
            : throw new ArgumentException($"property {field} refers to {{podName}} but podName is not set. Set POD_NAME.");
    }

    public string ForApp(string value, string appId) => For(value, site, appId);

    public static string For(string value, string site, string appId) =>
        value.Replace(Namespace, $"{site}.{appId}", StringComparison.Ordinal).Replace("{appID}", appId, StringComparison.Ordinal);
}
