using System.Diagnostics.CodeAnalysis;

namespace EdgeMesh.Hosting;

/// <summary>What a SMART scope lets its holder do to resources of a type.</summary>
[Flags]
public enum ScopeActions
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>c</summary>
    Create = 1,

    /// <summary>r: read, vread, history of an instance.</summary>
    Read = 2,

    /// <summary>u</summary>
    Update = 4,

    /// <summary>d</summary>
    Delete = 8,

    /// <summary>s: search.</summary>
    Search = 16,
}

/// <summary>One SMART App Launch v2 scope, such as <c>patient/Observation.rs?category=vital-signs</c>; v1's <c>.read</c>, <c>.write</c>
/// and <c>.*</c> are understood.</summary>
/// <param name="Context"><c>user</c>, <c>patient</c> or <c>system</c>.</param>
/// <param name="ResourceType">A type's name, or <c>*</c>.</param>
/// <param name="Actions">What is allowed.</param>
/// <param name="Query">A constraint on the resources, without the question mark; null: none.</param>
public sealed record SmartScope(string Context, string ResourceType, ScopeActions Actions, string? Query)
{
    private const string Letters = "cruds";

    /// <summary>Reads a scope; false for what is no resource scope (such as <c>openid</c>) or is malformed.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out SmartScope? scope)
    {
        scope = null;
        int slash = text.IndexOf('/', StringComparison.Ordinal), dot = text.IndexOf('.', StringComparison.Ordinal);
        if (slash <= 0 || dot <= slash + 1 || text[..slash] is not ("user" or "patient" or "system"))
        {
            return false;
        }

        var question = text.IndexOf('?', dot);
        var actions = ReadActions(question < 0 ? text[(dot + 1)..] : text[(dot + 1)..question]);
        if (actions == ScopeActions.None)
        {
            return false;
        }

        scope = new SmartScope(text[..slash], text[(slash + 1)..dot], actions, question < 0 ? null : text[(question + 1)..]);
        return true;
    }

    /// <summary>Whether the scope covers an action on a type.</summary>
    public bool Covers(string resourceType, ScopeActions action) =>
        (ResourceType == "*" || ResourceType == resourceType) && (Actions & action) == action;

    private static ScopeActions ReadActions(string text)
    {
        switch (text)
        {
            case "read":
                return ScopeActions.Read | ScopeActions.Search;
            case "write":
                return ScopeActions.Create | ScopeActions.Update | ScopeActions.Delete;
            case "*":
                return ScopeActions.Create | ScopeActions.Read | ScopeActions.Update | ScopeActions.Delete | ScopeActions.Search;
        }

        // Version 2: some of c, r, u, d, s, each once and in this order.
        var (actions, last) = (ScopeActions.None, -1);
        foreach (var letter in text)
        {
            var index = Letters.IndexOf(letter, StringComparison.Ordinal);
            if (index <= last)
            {
                return ScopeActions.None;
            }

            (actions, last) = (actions | (ScopeActions)(1 << index), index);
        }

        return actions;
    }
}

/// <summary>A caller's scopes.</summary>
public static class SmartScopes
{
    /// <summary>The scopes that cover an action on a type; empty: refused.</summary>
    public static IReadOnlyList<SmartScope> Covering(this Caller caller, string resourceType, ScopeActions action) =>
        [.. caller.Scopes.Select(s => SmartScope.TryParse(s, out var scope) ? scope : null).OfType<SmartScope>().Where(s => s.Covers(resourceType, action))];

    /// <summary>Whether any scope covers an action on a type.</summary>
    public static bool Allows(this Caller caller, string resourceType, ScopeActions action) => caller.Covering(resourceType, action).Count > 0;
}
