namespace EdgeMesh.Services.Functions.Running;

/// <summary>What a function asks to invoke, <c>METHOD app/path?query</c>. Only paths that nothing on the way rewrites: what the manifest
/// grants and what a service sees must not differ.</summary>
internal sealed record InvokeTarget(string Method, string App, string Path)
{
    private const string Plain = "-._~$/";

    /// <summary>What a sidecar alone asks of an app: an actor or a job takes whoever comes for the sidecar.</summary>
    private static readonly string[] OfTheSidecar = ["actors", "dapr", "job"];

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
            && !target.Path.Contains('#', StringComparison.Ordinal) && !OfTheSidecar.Contains(path.Split('/')[0], StringComparer.OrdinalIgnoreCase)
            ? target
            : null;
    }

    /// <summary>Whether the token of the function's caller goes with it: not to the deployments, where a function would decide in an
    /// administrator's name what runs.</summary>
    public bool CarriesCaller => App != FunctionsApp.AppId || !PathAlone.Split('/')[0].Equals("deployments", StringComparison.OrdinalIgnoreCase);

    private string PathAlone => Path.Split('?', 2)[0];

    /// <summary>Whether a grant of a manifest covers it: the same, or below a grant that ends in <c>/*</c>.</summary>
    public bool IsGrantedBy(string grant)
    {
        var wanted = $"{Method} {App}/{PathAlone}";
        return grant.EndsWith("/*", StringComparison.Ordinal) ? wanted.StartsWith(grant[..^1], StringComparison.Ordinal) : wanted == grant;
    }
}
