namespace EdgeMesh.Services.Functions.Running;

/// <summary>What a function asks to invoke, <c>METHOD app/path?query</c>. Only paths that nothing on the way rewrites: what the manifest
/// grants and what a service sees must not differ.</summary>
internal sealed record InvokeTarget(string Method, string App, string Path)
{
    private const string Plain = "-._~$/";

    public static InvokeTarget? Parse(string text)
    {
        var (blank, slash) = (text.IndexOf(' ', StringComparison.Ordinal), text.IndexOf('/', StringComparison.Ordinal));
        if (blank <= 0 || slash <= blank + 1 || slash == text.Length - 1)
        {
            return null;
        }

        var target = new InvokeTarget(text[..blank], text[(blank + 1)..slash], text[(slash + 1)..]);
        var path = target.PathAlone;
        return target.Method.All(char.IsAsciiLetterUpper) && target.App.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-')
            && path.All(c => char.IsAsciiLetterOrDigit(c) || Plain.Contains(c, StringComparison.Ordinal)) && path.Split('/').All(s => s is not ("" or "." or ".."))
            && !target.Path.Contains('#', StringComparison.Ordinal)
            ? target
            : null;
    }

    private string PathAlone => Path.Split('?', 2)[0];

    /// <summary>Whether a grant of a manifest covers it: the same, or below a grant that ends in <c>/*</c>.</summary>
    public bool IsGrantedBy(string grant)
    {
        var wanted = $"{Method} {App}/{PathAlone}";
        return grant.EndsWith("/*", StringComparison.Ordinal) ? wanted.StartsWith(grant[..^1], StringComparison.Ordinal) : wanted == grant;
    }
}
