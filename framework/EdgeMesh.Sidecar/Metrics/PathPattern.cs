namespace EdgeMesh.Sidecar.Metrics;

/// <summary>A path with holes, as <c>metrics.http.pathMatching</c> has them: <c>{name}</c> is one segment, <c>{name...}</c> at the end all that
/// follow, and so is a slash at the end.</summary>
internal sealed class PathPattern(string text)
{
    private readonly string[] _segments = text.Split('/');

    public string Text => text;

    public bool Takes(string path)
    {
        var rest = path.AsSpan();
        for (var i = 0; i < _segments.Length; i++)
        {
            var segment = _segments[i];
            if (i == _segments.Length - 1 && (segment.Length == 0 || segment.EndsWith("...}", StringComparison.Ordinal)))
            {
                return true;
            }

            var end = rest.IndexOf('/');
            var one = end < 0 ? rest : rest[..end];
            if (!(IsHole(segment) ? one.Length > 0 : one.SequenceEqual(segment)))
            {
                return false;
            }

            if (end < 0)
            {
                return i == _segments.Length - 1;
            }

            rest = rest[(end + 1)..];
        }

        return false;
    }

    private static bool IsHole(string segment) => segment.Length > 2 && segment[0] == '{' && segment[^1] == '}';
}
