using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace EdgeMesh.Sidecar.Cel;

/// <param name="Holds">Whether the condition holds.</param>
/// <param name="Error">Why that can't be said, as when a field is missing; null when it can.</param>
internal readonly record struct CelOutcome(bool Holds, string? Error);

/// <summary>A condition, in the part of CEL that routing rules and circuit breakers use: <c>event.path</c>, <c>event["key"]</c>, indexes, literals,
/// lists, comparisons, <c>in</c>, <c>&amp;&amp; || !</c>, <c>has()</c>, <c>size()</c>, startsWith, endsWith, contains, and matches with a
/// literal pattern. Anything else is refused by name when it is read. Reading and evaluating never throw, and take time that is
/// proportional to rule and message.</summary>
internal sealed class CelExpression
{
    private const int LengthLimit = 4096;

    private readonly CelNode _node;

    private CelExpression(string text, CelNode node) => (Text, _node) = (text, node);

    public string Text { get; }

    /// <summary>A condition about <c>event</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out CelExpression? expression, [NotNullWhen(false)] out string? fault) =>
        TryParse(text, null, out expression, out fault);

    /// <param name="text">The condition.</param>
    /// <param name="variables">Fields that it names directly; null: it is about <c>event</c>.</param>
    /// <param name="expression">The condition as read.</param>
    /// <param name="fault">What is wrong with it.</param>
    public static bool TryParse(string text, IReadOnlyList<string>? variables, [NotNullWhen(true)] out CelExpression? expression, [NotNullWhen(false)] out string? fault)
    {
        (expression, fault) = (null, null);
        if (text.Length > LengthLimit)
        {
            fault = $"it is longer than {LengthLimit} characters";
            return false;
        }

        try
        {
            expression = new CelExpression(text, new CelParser(CelTokens.Read(text), variables).Parse());
            return true;
        }
        catch (FormatException error)
        {
            fault = error.Message;
            return false;
        }
    }

    public CelOutcome Evaluate(JsonElement envelope)
    {
        try
        {
            return _node(envelope) switch
            {
                bool holds => new CelOutcome(holds, null),
                CelError error => new CelOutcome(false, error.Reason),
                _ => new CelOutcome(false, $"the result of match expression {Text} was not a boolean"),
            };
        }
        catch (InvalidOperationException)
        {
            // A JSON string may hold half a surrogate pair, which no .NET string can be made of.
            return new CelOutcome(false, "a string of the event is no text");
        }
    }
}
