using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Errors;
using EdgeMesh.Services.Gateway.Forwarding;
using EdgeMesh.Services.Gateway.Limits;
using EdgeMesh.Services.Gateway.Tokens;

namespace EdgeMesh.Services.Gateway.ConsoleDoor;

/// <summary>The console behind the public door: signs in and out, and passes on what signed-in users ask, with the caller stated anew.
/// What they may see, the console decides.</summary>
internal sealed class ConsoleRequests(DoorGuard guard, ConsoleSessions sessions, CallerStatements statements, ConsoleForwarder forwarder, GatewayOptions options, TimeProvider clock)
{
    private const int FormLimit = 32 * 1024;
    private static readonly TimeSpan LongestLive = TimeSpan.FromHours(24);

    /// <summary>Whether this gateway has a console behind it, and the request is for it.</summary>
    public bool Covers(HttpContext context) => options.ConsoleUrl is not null && ConsolePaths.Covers(context.Request.Path.Value!);

    public Task AnswerAsync(HttpContext context) => guard.AnswerConsoleAsync(context, AnswerAsync);

    private async Task<Refusal?> AnswerAsync(HttpContext context, string path)
    {
        var request = context.Request;
        var changes = !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method);
        if ((changes || RequestOrigin.IsUpgrade(context)) && !RequestOrigin.IsOwn(request))
        {
            return RequestOrigin.Foreign;
        }

        if (path == ConsolePaths.Root)
        {
            context.Response.Redirect(ConsolePaths.Root + "/");
            return null;
        }

        var route = ConsolePaths.Find(path);
        return route switch
        {
            ConsoleRoute.SignIn or ConsoleRoute.SignOut when !HttpMethods.IsPost(request.Method) => Refusal.MethodNotAllowed(HttpMethods.Post),
            ConsoleRoute.SignIn when request.ContentLength > FormLimit => Refusal.BodyTooLarge(FormLimit),
            ConsoleRoute.SignIn => await guard.WithBodyAsync(context, () => SignInAsync(context)),
            ConsoleRoute.SignOut => SignOut(context),
            _ => await PassOnAsync(context, path, route),
        };
    }

    private async Task<Refusal?> SignInAsync(HttpContext context)
    {
        if (!context.Request.HasFormContentType)
        {
            return TokenFaults.Missing;
        }

        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var next = ConsolePaths.Next(form["next"]);
        var refusal = form["token"].ToString().Trim() is { Length: > 0 } token ? await sessions.BeginAsync(context, token) : TokenFaults.Missing;
        SeeOther(context, refusal is null ? next : $"{ConsolePaths.SignInPage}?fault={refusal.Code}&next={Uri.EscapeDataString(next)}");
        return null;
    }

    private Refusal? SignOut(HttpContext context)
    {
        sessions.End(context);
        SeeOther(context, ConsolePaths.SignInPage);
        return null;
    }

    private async Task<Refusal?> PassOnAsync(HttpContext context, string path, ConsoleRoute route)
    {
        var verdict = await sessions.ReadAsync(context.Request);
        if (verdict.Refusal is { } refusal && route != ConsoleRoute.Open)
        {
            return Ask(context, path, refusal);
        }

        var isLive = route == ConsoleRoute.Live && RequestOrigin.IsUpgrade(context);
        var limit = isLive ? Lasting(verdict.Until) : options.RequestLimit;
        HeaderRules.Strip(context.Request.Headers);
        if (verdict.Caller is { } caller)
        {
            context.Request.Headers[CallerTokens.Header] = statements.Sign(caller);
        }

        return isLive
            ? await forwarder.SendAsync(context, path, limit, isLive: true)
            : await guard.WithBodyAsync(context, () => forwarder.SendAsync(context, path, limit, isLive: false));
    }

    /// <summary>People are led to where they sign in; programs are told.</summary>
    private static Refusal? Ask(HttpContext context, string path, Refusal refusal)
    {
        if (!HttpMethods.IsGet(context.Request.Method) || !context.Request.Headers.Accept.ToString().Contains("text/html", StringComparison.Ordinal))
        {
            return refusal;
        }

        var fault = refusal == TokenFaults.Missing ? "" : $"fault={refusal.Code}&";
        SeeOther(context, $"{ConsolePaths.SignInPage}?{fault}next={Uri.EscapeDataString(path + context.Request.QueryString)}");
        return null;
    }

    /// <summary>A live connection ends with the session that opened it.</summary>
    private TimeSpan Lasting(DateTime until)
    {
        var left = until - clock.GetUtcNow().UtcDateTime;
        return left < TimeSpan.Zero ? TimeSpan.Zero : left < LongestLive ? left : LongestLive;
    }

    private static void SeeOther(HttpContext context, string location)
    {
        context.Response.StatusCode = StatusCodes.Status303SeeOther;
        context.Response.Headers.Location = location;
    }
}
