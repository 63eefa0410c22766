using System.Text.Json;

namespace EdgeMesh.Sidecar.Cel;

/// <summary>One part of an expression: its value for an envelope.</summary>
internal delegate object CelNode(JsonElement envelope);

/// <summary>Makes nodes of tokens, by recursive descent. Chains are loops and nesting is bounded, so no expression exhausts the stack.</summary>
internal sealed class CelParser(List<CelToken> tokens, IReadOnlyList<string>? variables)
{
    private const int DepthLimit = 48;
    private static readonly string[] Relations = ["==", "!=", "<=", ">=", "<", ">", "in"];

    private int _at;
    private int _depth;

    /// <exception cref="FormatException">Not an expression, or not one that is served.</exception>
    public CelNode Parse()
    {
        var node = Or();
        return Current.Kind == CelTokenKind.End ? node : throw Unexpected();
    }

    private CelToken Current => tokens[_at];

    private CelNode Or()
    {
        if (++_depth > DepthLimit)
        {
            throw new FormatException($"it is nested more than {DepthLimit} deep");
        }

        var node = Chain("||", And, decides: true);
        _depth--;
        return node;
    }

    private CelNode And() => Chain("&&", Relation, decides: false);

    /// <summary>An operand that decides takes back errors of the others, as in CEL.</summary>
    private CelNode Chain(string sign, Func<CelNode> operand, bool decides)
    {
        var first = operand();
        if (!Peek(sign))
        {
            return first;
        }

        var operands = new List<CelNode> { first };
        while (Take(sign))
        {
            operands.Add(operand());
        }

        return envelope => Junction(operands, envelope, decides);
    }

    private static object Junction(List<CelNode> operands, JsonElement envelope, bool decides)
    {
        CelError? error = null;
        foreach (var operand in operands)
        {
            switch (operand(envelope))
            {
                case bool value when value == decides:
                    return CelValues.Of(decides);
                case bool:
                    break;
                case var other:
                    error ??= other as CelError ?? CelError.NoOverload;
                    break;
            }
        }

        return error ?? CelValues.Of(!decides);
    }

    private CelNode Relation()
    {
        var first = Unary();
        List<(string Sign, CelNode Operand)>? rest = null;
        while (Relations.FirstOrDefault(Take) is { } sign)
        {
            (rest ??= []).Add((sign, Unary()));
        }

        return rest is null
            ? first
            : envelope => rest.Aggregate(first(envelope), (left, next) => Relate(next.Sign, left, next.Operand(envelope)));
    }

    private static object Relate(string sign, object left, object right)
    {
        if (left is CelError || right is CelError)
        {
            return left is CelError ? left : right;
        }

        return sign switch
        {
            "==" => CelValues.Of(CelValues.AreEqual(left, right)),
            "!=" => CelValues.Of(!CelValues.AreEqual(left, right)),
            "in" => CelValues.In(left, right),
            _ => CelValues.Order(left, right) is { } order
                ? CelValues.Of(sign switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 })
                : CelError.NoOverload,
        };
    }

    private CelNode Unary()
    {
        var negations = 0;
        while (Take("!"))
        {
            negations++;
        }

        if (negations == 0 && Take("-"))
        {
            return Current.Kind == CelTokenKind.Number ? Constant(-tokens[_at++].Number) : throw new FormatException("'-' is served before a number only");
        }

        var operand = Postfix();
        return negations == 0 ? operand : envelope => operand(envelope) switch
        {
            bool value => CelValues.Of(value ^ (negations % 2 == 1)),
            CelError error => error,
            _ => CelError.NoOverload,
        };
    }

    private CelNode Postfix()
    {
        var primary = Primary();
        var steps = new List<CelStep>();
        while (Peek(".") || Peek("["))
        {
            steps.Add(Step());
        }

        return Path(primary, steps);
    }

    private static CelNode Path(CelNode primary, List<CelStep> steps) =>
        steps.Count == 0 ? primary : envelope => steps.Aggregate(primary(envelope), (value, step) => step.Apply(value, envelope));

    private CelStep Step()
    {
        if (Take("["))
        {
            var key = Or();
            Expect("]");
            return new CelStep(null, (value, envelope) => CelValues.Index(value, key(envelope)));
        }

        Expect(".");
        var name = Current.Kind == CelTokenKind.Name ? tokens[_at++].Text : throw new FormatException($"a field's name is missing before {Current}");
        return Peek("(") ? new CelStep(null, CelFunctions.Read(name, Arguments())) : new CelStep(name, (value, _) => CelValues.Select(value, name));
    }

    private CelNode Primary()
    {
        var token = Current;
        _at++;
        switch (token)
        {
            case { Kind: CelTokenKind.String }:
                return Constant(token.Text);
            case { Kind: CelTokenKind.Number }:
                return Constant(token.Number);
            case { Kind: CelTokenKind.Name }:
                return Named(token);
            case { Kind: CelTokenKind.Sign, Text: "(" }:
                var inner = Or();
                Expect(")");
                return inner;
            case { Kind: CelTokenKind.Sign, Text: "[" }:
                return List();
            default:
                _at--;
                throw Unexpected();
        }
    }

    private CelNode Named(CelToken token) => token.Text switch
    {
        "true" or "false" => Constant(token.Text == "true"),
        "null" => Constant(CelValues.Null),
        "event" when variables is null => envelope => envelope,
        _ when variables?.Contains(token.Text) == true => envelope => CelValues.Select(envelope, token.Text),
        "has" when Peek("(") => Has(),
        "size" when Peek("(") => CelFunctions.Size(Arguments()),
        _ when Peek("(") => throw CelFunctions.Unknown(token.Text),
        _ => throw new FormatException($"{token} is not known: conditions are about {(variables is null ? "event.*" : string.Join(", ", variables))}"),
    };

    private CelNode Has()
    {
        Expect("(");
        var primary = Primary();
        var steps = new List<CelStep>();
        while (Peek(".") || Peek("["))
        {
            steps.Add(Step());
        }

        Expect(")");
        if (steps.Count == 0 || steps[^1].Field is not { } field)
        {
            throw new FormatException("has() takes a field, such as has(event.data.kind)");
        }

        var target = Path(primary, steps[..^1]);
        return envelope => CelValues.Has(target(envelope), field);
    }

    private CelNode List()
    {
        var items = new List<CelNode>();
        while (!Take("]"))
        {
            items.Add(Or());
            if (!Peek("]"))
            {
                Expect(",");
            }
        }

        return envelope =>
        {
            var values = items.ConvertAll(i => i(envelope));
            return values.Find(v => v is CelError) ?? values;
        };
    }

    private List<(CelNode Node, string? Literal)> Arguments()
    {
        Expect("(");
        var arguments = new List<(CelNode, string?)>();
        while (!Take(")"))
        {
            var literal = Current.Kind == CelTokenKind.String && tokens[_at + 1] is { Kind: CelTokenKind.Sign, Text: ")" } ? Current.Text : null;
            arguments.Add((Or(), literal));
            if (!Peek(")"))
            {
                Expect(",");
            }
        }

        return arguments;
    }

    private static CelNode Constant(object value) => _ => value;

    private bool Peek(string text) => Current is { Kind: CelTokenKind.Sign or CelTokenKind.Name } token && token.Text == text;

    private bool Take(string text)
    {
        var taken = Peek(text);
        _at += taken ? 1 : 0;
        return taken;
    }

    private void Expect(string text)
    {
        if (!Take(text))
        {
            throw new FormatException($"'{text}' is missing before {Current}");
        }
    }

    private FormatException Unexpected() => Current switch
    {
        { Kind: CelTokenKind.End } => new FormatException("it ends too early"),
        { Text: "+" or "-" or "*" or "/" or "%" or "?" or ":" or "{" or "}" } => new FormatException($"{Current} is not served: conditions compare and combine, and do not calculate"),
        _ => new FormatException($"{Current} is not expected there"),
    };
}

/// <summary>What follows a value: a field, an index or a call.</summary>
/// <param name="Field">The name, when it is a field.</param>
/// <param name="Apply">The value of it.</param>
internal sealed record CelStep(string? Field, Func<object, JsonElement, object> Apply);
