using System.Text.RegularExpressions;

namespace EdgeMesh.Sidecar.Resources;

/// <summary>Variables in the text of a Configuration, as daprd (Go's <c>os.ExpandEnv</c>) replaces them: <c>$NAME</c> and <c>${NAME}</c>. One that
/// is not set stands for nothing, as does a shell's own (<c>$1</c>, <c>$$</c>); a <c>$</c> before anything else stays.</summary>
internal static partial class EnvironmentVariables
{
    public static string Expand(string text, IReadOnlyDictionary<string, string> environment) =>
        Reference().Replace(text, reference => environment.GetValueOrDefault(reference.Groups["name"].Value, ""));

    [GeneratedRegex(@"\$(?:\{(?<name>[^}]*)\}|\{|(?<name>[*#$@!?\-0-9])|(?<name>[A-Za-z0-9_]+))")]
    private static partial Regex Reference();
}
