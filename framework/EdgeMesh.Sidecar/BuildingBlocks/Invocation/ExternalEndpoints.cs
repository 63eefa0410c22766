namespace EdgeMesh.Sidecar.BuildingBlocks.Invocation;

/// <summary>The servers outside that one app may invoke. Their names share a space with app ids and go first.</summary>
/// <param name="named">By the resource's name.</param>
/// <param name="any">For addresses that no resource names; owned by the process.</param>
internal sealed class ExternalEndpoints(IReadOnlyDictionary<string, ExternalEndpoint> named, HttpMessageInvoker any)
{
    public IEnumerable<string> Names => named.Keys;

    /// <summary>Null: neither a name of an endpoint nor an address of one.</summary>
    public ExternalEndpoint? Find(string appId)
    {
        if (named.TryGetValue(appId, out var endpoint))
        {
            return endpoint;
        }

        return IsAddress(appId) && Uri.TryCreate(appId, UriKind.Absolute, out var url) ? new ExternalEndpoint(url, [], any) : null;
    }

    public static bool IsAddress(string appId) =>
        appId.StartsWith("http://", StringComparison.Ordinal) || appId.StartsWith("https://", StringComparison.Ordinal);
}
