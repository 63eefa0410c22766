using System.Diagnostics.CodeAnalysis;

namespace EdgeMesh.Services.Monitor;

/// <summary>Names as rules and settings give them: one that ends in <c>*</c> stands for all that begin so.</summary>
internal static class NamePattern
{
    public static bool Fits(string pattern, string name) => IsPrefix(pattern, out var prefix) ? name.StartsWith(prefix, StringComparison.Ordinal) : pattern == name;

    /// <summary>Whether it stands for all that begin with <paramref name="prefix"/>.</summary>
    public static bool IsPrefix(string pattern, [NotNullWhen(true)] out string? prefix)
    {
        prefix = pattern.EndsWith('*') ? pattern[..^1] : null;
        return prefix is not null;
    }
}
