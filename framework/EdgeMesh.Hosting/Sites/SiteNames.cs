namespace EdgeMesh.Hosting;

/// <summary>How sites and services may be called: their names stand in keys, host names, certificates and paths.</summary>
internal static class SiteNames
{
    public const string Rule = "1 to 40 lower-case letters, digits and hyphens";

    public static bool IsName(string? name) =>
        name is { Length: >= 1 and <= 40 } && name.All(c => c is >= 'a' and <= 'z' or >= '0' and <= '9' or '-');
}
