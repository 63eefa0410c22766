namespace EdgeMesh.Services.Gateway.ConsoleDoor;

/// <summary>What of the console a path is.</summary>
internal enum ConsoleRoute
{
    /// <summary>Takes a token and makes a session.</summary>
    SignIn,

    /// <summary>Ends the session.</summary>
    SignOut,

    /// <summary>For everybody: the page that asks for a token, and what pages are drawn with.</summary>
    Open,

    /// <summary>The one connection that is upgraded: live pages.</summary>
    Live,

    /// <summary>Everything else.</summary>
    Page,
}

/// <summary>The console's paths, as far as the gateway must tell them apart.</summary>
internal static class ConsolePaths
{
    public const string Root = "/console";
    public const string SignInPage = Root + "/sign-in";

    private const string Session = Root + "/session";
    private const string SessionEnd = Session + "/end";
    private const string LiveHub = Root + "/_blazor";

    public static bool Covers(string path) => path == Root || path.StartsWith(Root + "/", StringComparison.Ordinal);

    public static ConsoleRoute Find(string path) => path switch
    {
        Session => ConsoleRoute.SignIn,
        SessionEnd => ConsoleRoute.SignOut,
        SignInPage => ConsoleRoute.Open,
        LiveHub => ConsoleRoute.Live,
        _ when path.StartsWith(Root + "/assets/", StringComparison.Ordinal) => ConsoleRoute.Open,
        _ => ConsoleRoute.Page,
    };

    /// <summary>Where to go on after signing in: a page of the console and nothing else, whatever a link asked for.</summary>
    public static string Next(string? asked) =>
        asked is { Length: > 0 and <= 2048 } && asked.StartsWith(Root + "/", StringComparison.Ordinal) && !asked.AsSpan().ContainsAny('\\', '\r', '\n')
        && !asked.StartsWith(SignInPage, StringComparison.Ordinal) && !asked.StartsWith(Session, StringComparison.Ordinal)
            ? asked
            : Root + "/";
}
