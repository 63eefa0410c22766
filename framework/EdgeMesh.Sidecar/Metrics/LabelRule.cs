using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>A rule of <c>metrics.rules</c>: in one label of one instrument, whatever matches stands for something else.</summary>
internal sealed class LabelRule
{
    private const string Prefix = "dapr_";

    private readonly string _instrument;
    private readonly Regex _pattern;
    private readonly string _value;

    private LabelRule(string instrument, string label, Regex pattern, string value) => (_instrument, Label, _pattern, _value) = (instrument, label, pattern, value);

    public string Label { get; }

    /// <param name="instrument">With or without <c>dapr_</c>.</param>
    /// <param name="label">The label.</param>
    /// <param name="pattern">Matches anywhere in its value. As in Go it takes linear time, so it has no back-references and the like.</param>
    /// <param name="value">Stands in the place of each match.</param>
    /// <param name="rule">The rule.</param>
    /// <param name="fault">What is wrong with the pattern.</param>
    public static bool TryParse(string instrument, string label, string pattern, string value, [NotNullWhen(true)] out LabelRule? rule, [NotNullWhen(false)] out string? fault)
    {
        try
        {
            (rule, fault) = (new LabelRule(WithoutPrefix(instrument), label, new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant), value.Replace("$", "$$", StringComparison.Ordinal)), null);
            return true;
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            (rule, fault) = (null, error.Message);
            return false;
        }
    }

    public bool IsAbout(string instrument) => WithoutPrefix(instrument) == _instrument;

    public string Apply(string value) => _pattern.Replace(value, _value);

    private static string WithoutPrefix(string instrument) => instrument.StartsWith(Prefix, StringComparison.Ordinal) ? instrument[Prefix.Length..] : instrument;
}
