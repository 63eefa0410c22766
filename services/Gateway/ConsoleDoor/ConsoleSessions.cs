using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Tokens;

namespace EdgeMesh.Services.Gateway.ConsoleDoor;

/// <summary>A session is the user's own token in a cookie that scripts can't read: it ends when the token does, survives restarts, and
/// nothing is kept here.</summary>
internal sealed class ConsoleSessions(BearerTokens tokens, SiteIdentity identity, TimeProvider clock)
{
    /// <summary>What browsers keep of one cookie, less its attributes.</summary>
    private const int TokenLimit = 3800;

    public static readonly Errors.Refusal TooLong = new(StatusCodes.Status401Unauthorized, "token-too-long", "The token is too long for a session.",
        "Browsers keep 4 KiB in a cookie: get a token with fewer claims.");

    // Sites of one machine differ by port, which cookies don't look at.
    private string Name => $"__Host-edgemesh-{identity.Site}";

    /// <summary>Who is signed in; the refusal when nobody is.</summary>
    public ValueTask<TokenVerdict> ReadAsync(HttpRequest request) => request.Cookies[Name] is { Length: > 0 } token
        ? tokens.VerifyAsync(token)
        : new(new TokenVerdict(null, TokenFaults.Missing));

    /// <summary>Makes a session of a token; what was wrong with it when it is not good.</summary>
    public async ValueTask<Errors.Refusal?> BeginAsync(HttpContext context, string token)
    {
        if (token.Length > TokenLimit)
        {
            return TooLong;
        }

        var verdict = await tokens.VerifyAsync(token);
        if (verdict.Refusal is null)
        {
            context.Response.Cookies.Append(Name, token, Attributes(verdict.Until - clock.GetUtcNow().UtcDateTime));
        }

        return verdict.Refusal;
    }

    public void End(HttpContext context) => context.Response.Cookies.Delete(Name, Attributes(null));

    // Lax, so that the link in an alert's mail opens its page; what changes anything is a POST or the live connection, and for those the
    // door looks at the origin.
    private static CookieOptions Attributes(TimeSpan? life) => new() { HttpOnly = true, Secure = true, SameSite = SameSiteMode.Lax, Path = "/", MaxAge = life };
}
