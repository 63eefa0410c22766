namespace EdgeMesh.Hosting;

/// <summary>How sites and services may be called: their names stand in keys, host names, certificates and paths.</summary>
public static class SiteNames
{
    /// <summary>The rule, for people: completes "a site's name has …".</summary>
    public const string Rule = "1 to 40 lower-case letters, digits and hyphens, and begins with a letter";

    /// <summary>Whether it keeps the rule.</summary>
    public static bool IsName(string? name) =>
        name is { Length: >= 1 and <= 40 } && name[0] is >= 'a' and <= 'z' && name.All(c => c is >= 'a' and <= 'z' or >= '0' and <= '9' or '-');
}
