using System.Text.Json;
using System.Text.RegularExpressions;

namespace EdgeMesh.Sidecar.Cel;

/// <summary>The functions that conditions may call.</summary>
internal static class CelFunctions
{
    private static readonly TimeSpan MatchLimit = TimeSpan.FromSeconds(1);

    public static FormatException Unknown(string name) =>
        new($"the function '{name}' is not served: there are has, size, startsWith, endsWith, contains and matches");

    public static CelNode Size(List<(CelNode Node, string? Literal)> arguments)
    {
        var argument = Only("size", arguments).Node;
        return envelope => CelValues.Size(argument(envelope));
    }

    /// <summary>A call on a value, as in <c>event.type.startsWith("a")</c>.</summary>
    public static Func<object, JsonElement, object> Read(string name, List<(CelNode Node, string? Literal)> arguments)
    {
        switch (name)
        {
            case "size" when arguments.Count == 0:
                return (value, _) => CelValues.Size(value);
            case "startsWith":
                return Text(name, arguments, (text, part) => text.StartsWith(part, StringComparison.Ordinal));
            case "endsWith":
                return Text(name, arguments, (text, part) => text.EndsWith(part, StringComparison.Ordinal));
            case "contains":
                return Text(name, arguments, (text, part) => text.Contains(part, StringComparison.Ordinal));
            case "matches":
                var pattern = Pattern(Only(name, arguments).Literal ?? throw new FormatException("matches() takes a pattern that is written out"));
                return (value, _) => value is string text ? Match(pattern, text) : value as CelError ?? CelError.NoOverload;
            default:
                throw Unknown(name);
        }
    }

    private static Func<object, JsonElement, object> Text(string name, List<(CelNode Node, string? Literal)> arguments, Func<string, string, bool> test)
    {
        var argument = Only(name, arguments).Node;
        return (value, envelope) => (value, argument(envelope)) switch
        {
            (string text, string part) => CelValues.Of(test(text, part)),
            (CelError error, _) => error,
            (_, CelError error) => error,
            _ => CelError.NoOverload,
        };
    }

    private static (CelNode Node, string? Literal) Only(string name, List<(CelNode Node, string? Literal)> arguments) =>
        arguments.Count == 1 ? arguments[0] : throw new FormatException($"{name}() takes one argument");

    /// <summary>Without backtracking: no text makes it slow.</summary>
    private static Regex Pattern(string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, MatchLimit);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw new FormatException($"'{pattern}' is no pattern that is served: {error.Message}");
        }
    }

    private static object Match(Regex pattern, string text)
    {
        try
        {
            return CelValues.Of(pattern.IsMatch(text));
        }
        catch (RegexMatchTimeoutException)
        {
            return new CelError("matches() took too long");
        }
    }
}
