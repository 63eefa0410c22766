using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>The part of CEL that routing rules use: <c>event.path</c>, <c>event["key"]</c>, literals, lists, <c>== != &lt; &lt;= &gt; &gt;=</c>,
/// <c>in</c>, <c>&amp;&amp; || !</c>, parentheses, <c>has()</c>, <c>size()</c>, and startsWith, endsWith, contains, matches. Anything else is refused.
/// As in CEL, a missing field is an error of the condition, which then does not hold.</summary>
internal sealed class CelExpression
{
    private const int LengthLimit = 4096;
    private const int DepthLimit = 64;
    private static readonly TimeSpan MatchLimit = TimeSpan.FromMilliseconds(100);
    private static readonly object Missing = new();

    private readonly List<(string Kind, string Text)> _tokens;
    private int _at;
    private int _depth;

    private CelExpression(List<(string, string)> tokens) => _tokens = tokens;

    private delegate object? Node(JsonElement envelope);

    public static bool TryParse(string text, [NotNullWhen(true)] out Func<JsonElement, bool>? condition, out string? fault)
    {
        (condition, fault) = (null, null);
        try
        {
            if (text.Length > LengthLimit)
            {
                throw new FormatException($"longer than {LengthLimit} characters");
            }

            var parser = new CelExpression(CelTokens.Read(text));
            var node = parser.Or();
            if (parser._at < parser._tokens.Count)
            {
                throw new FormatException($"'{parser._tokens[parser._at].Text}' is not expected here");
            }

            condition = envelope => node(envelope) is true;
            return true;
        }
        catch (FormatException error)
        {
            fault = error.Message;
            return false;
        }
    }

    private Node Or()
    {
        if (++_depth > DepthLimit)
        {
            throw new FormatException("nested too deeply");
        }

        var left = And();
        while (Take("||"))
        {
            Node a = left, b = And();
            left = e => a(e) is true || b(e) is true;
        }

        _depth--;
        return left;
    }

    private Node And()
    {
        var left = Comparison();
        while (Take("&&"))
        {
            Node a = left, b = Comparison();
            left = e => a(e) is true && b(e) is true;
        }

        return left;
    }

    private Node Comparison()
    {
        var left = Unary();
        foreach (var sign in new[] { "==", "!=", "<=", ">=", "<", ">", "in" })
        {
            if (Take(sign))
            {
                var right = Unary();
                return e => Compare(sign, left(e), right(e));
            }
        }

        return left;
    }

    private Node Unary()
    {
        var negations = 0;
        while (Take("!"))
        {
            negations++;
        }

        var operand = Postfix();
        return negations == 0 ? operand : e => operand(e) is bool value ? value ^ (negations % 2 == 1) : Missing;
    }

    private Node Postfix()
    {
        var node = Primary();
        while (true)
        {
            if (Take("."))
            {
                var name = Next("name");
                node = Peek("(") ? Call(node, name) : Field(node, name);
            }
            else if (Take("["))
            {
                var key = Next("string");
                Expect("]");
                node = Field(node, key);
            }
            else
            {
                return node;
            }
        }
    }

    private Node Primary()
    {
        if (_at >= _tokens.Count)
        {
            throw new FormatException("the expression ends too early");
        }

        var (kind, text) = _tokens[_at++];
        switch (kind, text)
        {
            case ("string", _):
                return _ => text;
            case ("number", _):
                var number = double.Parse(text, CultureInfo.InvariantCulture);
                return _ => number;
            case ("name", "true" or "false"):
                return _ => text == "true";
            case ("name", "event"):
                return e => e;
            case ("name", "has"):
                var has = Argument();
                return e => has(e) != Missing;
            case ("name", "size"):
                var sized = Argument();
                return e => Size(sized(e));
            case ("sign", "("):
                var inner = Or();
                Expect(")");
                return inner;
            case ("sign", "["):
                return List();
            default:
                throw new FormatException($"'{text}' is not known; conditions are about event.*");
        }
    }

    private Node List()
    {
        var items = new List<Node>();
        while (!Take("]"))
        {
            items.Add(Or());
            if (!Peek("]"))
            {
                Expect(",");
            }
        }

        return e => items.ConvertAll(i => i(e));
    }

    private Node Argument()
    {
        Expect("(");
        var node = Or();
        Expect(")");
        return node;
    }

    private Node Call(Node target, string name)
    {
        var argument = Argument();
        return name switch
        {
            "startsWith" => e => target(e) is string a && argument(e) is string b ? a.StartsWith(b, StringComparison.Ordinal) : Missing,
            "endsWith" => e => target(e) is string a && argument(e) is string b ? a.EndsWith(b, StringComparison.Ordinal) : Missing,
            "contains" => e => target(e) is string a && argument(e) is string b ? a.Contains(b, StringComparison.Ordinal) : Missing,
            "matches" => e => target(e) is string a && argument(e) is string b ? Matches(a, b) : Missing,
            _ => throw new FormatException($"the function '{name}' is not served; there are startsWith, endsWith, contains and matches"),
        };
    }

    private static object Matches(string text, string pattern)
    {
        try
        {
            return Regex.IsMatch(text, pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, MatchLimit);
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException or RegexMatchTimeoutException)
        {
            return Missing;
        }
    }

    private static Node Field(Node target, string name) => e =>
        target(e) is JsonElement { ValueKind: JsonValueKind.Object } element && element.TryGetProperty(name, out var value) ? Value(value) : Missing;

    private static object? Value(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString(),
        JsonValueKind.Number => element.GetDouble(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null => null,
        JsonValueKind.Array => element.EnumerateArray().Select(Value).ToList(),
        _ => element,
    };

    private static object Size(object? value) => value switch
    {
        string text => (double)text.Length,
        List<object?> list => (double)list.Count,
        _ => Missing,
    };

    private static object Compare(string sign, object? left, object? right)
    {
        if (left == Missing || right == Missing)
        {
            return Missing;
        }

        return (sign, left, right) switch
        {
            ("==", _, _) => Equals(left, right),
            ("!=", _, _) => !Equals(left, right),
            ("in", _, List<object?> list) => list.Contains(left),
            (_, double a, double b) => Ordered(sign, a.CompareTo(b)),
            (_, string a, string b) => Ordered(sign, string.CompareOrdinal(a, b)),
            _ => Missing,
        };
    }

    private static object Ordered(string sign, int order) => sign switch
    {
        "<" => order < 0,
        "<=" => order <= 0,
        ">" => order > 0,
        ">=" => order >= 0,
        _ => Missing,
    };

    private bool Peek(string text) => _at < _tokens.Count && _tokens[_at] is { Kind: not "string" } token && token.Text == text;

    private bool Take(string text)
    {
        if (!Peek(text))
        {
            return false;
        }

        _at++;
        return true;
    }

    private void Expect(string text)
    {
        if (!Take(text))
        {
            throw new FormatException($"'{text}' is missing");
        }
    }

    private string Next(string kind)
    {
        if (_at >= _tokens.Count || _tokens[_at].Kind != kind)
        {
            throw new FormatException($"a {kind} is missing");
        }

        return _tokens[_at++].Text;
    }
}
