namespace EdgeMesh.Sidecar.Metrics;

/// <summary>The path under which daprd counts a request: keys, ids and names that are the callers' to choose are left out.</summary>
internal static class CountedPath
{
    private const string Actors = "/actors/";

    /// <summary>APIs whose paths are counted up to the component.</summary>
    private static readonly string[] UpToComponent = ["/state/", "/secrets/"];

    public static string Of(string path)
    {
        var start = path.StartsWith("/v1.0", StringComparison.Ordinal) ? path.IndexOf('/', 1) : -1;
        if (start < 0)
        {
            return path;
        }

        var rest = path.AsSpan(start);
        foreach (var api in UpToComponent)
        {
            if (rest.StartsWith(api, StringComparison.Ordinal))
            {
                var end = path.IndexOf('/', start + api.Length);
                return end < 0 ? path : path[..end];
            }
        }

        return rest.StartsWith(Actors, StringComparison.Ordinal) ? OfActor(path, start + Actors.Length) : path;
    }

    /// <summary><c>/v1.0/actors/TYPE/ID/WHAT/NAME</c> is counted as <c>/v1.0/actors/TYPE/{id}/WHAT</c>.</summary>
    private static string OfActor(string path, int begin)
    {
        var type = path.IndexOf('/', begin);
        var id = type < 0 ? -1 : path.IndexOf('/', type + 1);
        if (id < 0)
        {
            return path;
        }

        var what = path.IndexOf('/', id + 1);
        return string.Concat(path.AsSpan(0, type), "/{id}", what < 0 ? path.AsSpan(id) : path.AsSpan(id, what - id));
    }
}
