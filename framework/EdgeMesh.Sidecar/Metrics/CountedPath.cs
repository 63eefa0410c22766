namespace EdgeMesh.Sidecar.Metrics;

/// <summary>The path under which daprd counts a request: keys, ids and names that are the callers' to choose are left out.</summary>
internal static class CountedPath
{
    private const string Actors = "/v1.0/actors/";

    /// <summary>APIs whose paths are counted up to the component.</summary>
    private static readonly string[] UpToComponent = ["/v1.0/state/", "/v1.0/secrets/"];

    public static string Of(string path)
    {
        foreach (var api in UpToComponent)
        {
            if (path.StartsWith(api, StringComparison.Ordinal))
            {
                var end = path.IndexOf('/', api.Length);
                return end < 0 ? path : path[..end];
            }
        }

        return path.StartsWith(Actors, StringComparison.Ordinal) ? OfActor(path) : path;
    }

    /// <summary><c>/v1.0/actors/TYPE/ID/WHAT/NAME</c> is counted as <c>/v1.0/actors/TYPE/{id}/WHAT</c>.</summary>
    private static string OfActor(string path)
    {
        var type = path.IndexOf('/', Actors.Length);
        var id = type < 0 ? -1 : path.IndexOf('/', type + 1);
        if (id < 0)
        {
            return path;
        }

        var what = path.IndexOf('/', id + 1);
        return string.Concat(path.AsSpan(0, type), "/{id}", what < 0 ? path.AsSpan(id) : path.AsSpan(id, what - id));
    }
}
