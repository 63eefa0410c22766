using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Doors;
using EdgeMesh.Services.Gateway.Errors;
using EdgeMesh.Services.Gateway.Forwarding;
using EdgeMesh.Services.Gateway.Limits;
using EdgeMesh.Services.Gateway.Tokens;

namespace EdgeMesh.Services.Gateway.PublicDoor;

/// <summary>The public door: who asks, may they, and on to the service, with the caller stated anew.</summary>
internal sealed class PublicRequests(DoorGuard guard, BearerTokens tokens, CallerStatements statements, SidecarForwarder forwarder, GatewayOptions options)
{
    private const string Scheme = "Bearer ";

    public Task AnswerAsync(HttpContext context) => guard.AnswerAsync(context, Door.Public, AnswerAsync);

    private async Task<Refusal?> AnswerAsync(HttpContext context, string path)
    {
        if (PublicRoute.Find(path) is not { } route)
        {
            return Refusal.RouteUnknown;
        }

        var method = context.Request.Method;
        if (!route.Methods.Contains(method))
        {
            return Refusal.MethodNotAllowed(string.Join(", ", route.Methods));
        }

        var verdict = IsOpen(route, context.Request) ? default : await AuthenticateAsync(context.Request);
        var refusal = verdict.Refusal ?? (verdict.Caller is null ? null : Authorize(route, verdict.Caller, method, path));
        if (refusal is not null)
        {
            return refusal;
        }

        HeaderRules.Strip(context.Request.Headers);
        if (verdict.Caller is { } caller)
        {
            context.Request.Headers[CallerTokens.Header] = statements.Sign(caller);
        }

        return await guard.WithBodyAsync(context, () => forwarder.InvokeAsync(context, route.AppId, path, options.RequestLimit));
    }

    private static bool IsOpen(PublicRoute route, HttpRequest request) =>
        route.Access == RouteAccess.Open || route.Access == RouteAccess.MaybeToken && request.Headers.Authorization.Count == 0;

    private ValueTask<TokenVerdict> AuthenticateAsync(HttpRequest request)
    {
        var header = request.Headers.Authorization;
        if (header.Count > 1)
        {
            return new(new TokenVerdict(null, TokenFaults.Malformed));
        }

        var text = header.ToString();
        return text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) && text.Length > Scheme.Length
            ? tokens.VerifyAsync(text[Scheme.Length..].Trim())
            : new(new TokenVerdict(null, TokenFaults.Missing));
    }

    private static Refusal? Authorize(PublicRoute route, Caller caller, string method, string path) => route.Access switch
    {
        RouteAccess.Fhir => FhirScopes.Check(caller, method, path),
        RouteAccess.Audit when !IsAuditor(caller) => new Refusal(StatusCodes.Status403Forbidden, "role-missing", "This part of the ledger is for auditors.",
            "It needs the role auditor or admin, or a scope such as system/AuditEvent.r. The checkpoint and the tiles are public."),
        _ => null,
    };

    private static bool IsAuditor(Caller caller) =>
        caller.Roles.Contains("auditor") || caller.Roles.Contains("admin")
        || caller.Covering("AuditEvent", ScopeActions.Read).Any(s => s.Context == "system");
}
