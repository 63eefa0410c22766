using System.Collections.Immutable;
using System.Text.RegularExpressions;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Indexing;

/// <summary>The part of FHIRPath that the served search parameters use: dotted elements, <c>as Type</c>, and
/// <c>where(resolve() is Type)</c>. A test compiles every served parameter of every type, so a new form in the model's metadata is noticed.</summary>
internal sealed partial class ElementPath
{
    private readonly string[] _elements;

    private ElementPath(string[] elements, string? valueType, string? targetType) =>
        (_elements, ValueType, TargetType) = (elements, valueType, targetType);

    /// <summary>Only values of this FHIR type; null: any.</summary>
    public string? ValueType { get; }

    /// <summary>Only references to this resource type; null: any.</summary>
    public string? TargetType { get; }

    /// <summary>The branches of a union that begin at <paramref name="type"/>.</summary>
    public static ImmutableArray<ElementPath> Compile(string type, string expression) =>
        [.. expression.Split('|', StringSplitOptions.TrimEntries).Select(branch => One(type, branch)).OfType<ElementPath>()];

    /// <summary>Branches at <paramref name="type"/> that this class can't walk; for the test.</summary>
    public static IEnumerable<string> Unknown(string type, string expression) =>
        expression.Split('|', StringSplitOptions.TrimEntries).Where(branch => BeginsAt(type, branch) && One(type, branch) is null);

    public void Collect(R4.Base from, List<R4.Base> values) => Collect(from, 0, values);

    private void Collect(R4.Base from, int depth, List<R4.Base> values)
    {
        if (depth == _elements.Length)
        {
            Take(from, values);
            return;
        }

        if (!from.TryGetValue(_elements[depth], out var value))
        {
            return;
        }

        if (value is R4.Base one)
        {
            Collect(one, depth + 1, values);
        }
        else if (value is IEnumerable<R4.Base> many)
        {
            foreach (var each in many)
            {
                Collect(each, depth + 1, values);
            }
        }
    }

    private void Take(R4.Base value, List<R4.Base> values)
    {
        var fits = ValueType is null || value.TypeName == ValueType;
        var points = TargetType is null || (value is R4.ResourceReference reference && PointsTo(reference, TargetType));
        if (fits && points)
        {
            values.Add(value);
        }
    }

    private static bool PointsTo(R4.ResourceReference reference, string type) =>
        reference.Type == type
        || (reference.Reference is { } text && (text.StartsWith(type + "/", StringComparison.Ordinal) || text.Contains($"/{type}/", StringComparison.Ordinal)));

    private static bool BeginsAt(string type, string branch) =>
        branch.TrimStart('(') is var text && text.StartsWith(type, StringComparison.Ordinal) && (text.Length == type.Length || !char.IsLetterOrDigit(text[type.Length]));

    private static ElementPath? One(string type, string branch)
    {
        if (!BeginsAt(type, branch) || Shape().Match(branch) is not { Success: true } match)
        {
            return null;
        }

        return new ElementPath(
            match.Groups["path"].Value.Split('.')[1..],
            match.Groups["as"] is { Success: true } cast ? cast.Value : null,
            match.Groups["is"] is { Success: true } target ? target.Value : null);
    }

    [GeneratedRegex(@"^\(?(?<path>[A-Za-z]+(\.[A-Za-z]+)+?)(\.where\(resolve\(\) is (?<is>[A-Za-z]+)\))?( as (?<as>[A-Za-z]+))?\)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex Shape();
}
