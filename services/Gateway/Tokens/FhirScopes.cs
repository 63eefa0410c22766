using EdgeMesh.Hosting;
using EdgeMesh.Services.Gateway.Errors;

namespace EdgeMesh.Services.Gateway.Tokens;

/// <summary>Refuses what no scope of the caller covers, before the store is looked at. Coarse: what a scope's query or a patient's
/// compartment exclude, and what is inside a bundle, Records decides per resource.</summary>
internal static class FhirScopes
{
    private const string Root = "/fhir";

    public static Refusal? Check(Caller caller, string method, string path)
    {
        var parts = path[Root.Length..].Split('/', StringSplitOptions.RemoveEmptyEntries);
        var type = parts is [var first, ..] && first[0] is not ('_' or '$') ? first : null;
        var actions = Actions(method, parts);
        return actions.Any(a => Holds(caller, type, a)) ? null : new Refusal(
            StatusCodes.Status403Forbidden, "scope-missing", "The token's scopes do not cover this request.",
            $"It needs one such as user/{type ?? "*"}.{Letters(actions[0])}.");
    }

    private static bool Holds(Caller caller, string? type, ScopeActions action) => type is not null
        ? caller.Allows(type, action)
        : caller.Scopes.Any(s => SmartScope.TryParse(s, out var scope) && (scope.Actions & action) != ScopeActions.None);

    /// <summary>Any of them is enough.</summary>
    private static ScopeActions[] Actions(string method, string[] parts)
    {
        const ScopeActions any = ScopeActions.Create | ScopeActions.Read | ScopeActions.Update | ScopeActions.Delete | ScopeActions.Search;
        var reads = HttpMethods.IsGet(method) || HttpMethods.IsHead(method);
        return parts switch
        {
            // An operation looks at what it is about; a bundle may do anything.
            [.., ['$', ..]] => [ScopeActions.Read, ScopeActions.Search],
            [] when !reads => Each(any),
            [] or ["_search"] or [_, "_search"] => [ScopeActions.Search],
            ["_history"] or [_, "_history"] => [ScopeActions.Read, ScopeActions.Search],
            [_] when reads => [ScopeActions.Search],
            _ when reads => [ScopeActions.Read],
            _ when HttpMethods.IsPost(method) => [ScopeActions.Create],
            _ when HttpMethods.IsDelete(method) => [ScopeActions.Delete],
            _ => [ScopeActions.Update],
        };
    }

    private static ScopeActions[] Each(ScopeActions actions) => [.. Enum.GetValues<ScopeActions>().Where(a => a != ScopeActions.None && actions.HasFlag(a))];

    private static string Letters(ScopeActions action) => action switch
    {
        ScopeActions.Create => "c",
        ScopeActions.Update => "u",
        ScopeActions.Delete => "d",
        ScopeActions.Search => "s",
        _ => "r",
    };
}
