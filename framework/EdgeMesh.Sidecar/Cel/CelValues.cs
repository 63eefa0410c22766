using System.Text.Json;

namespace EdgeMesh.Sidecar.Cel;

/// <summary>Why an expression has no value. Errors are values: <c>&amp;&amp;</c> and <c>||</c> take them back when the other side decides.</summary>
internal sealed record CelError(string Reason)
{
    public static readonly CelError NoOverload = new("no such overload");

    public static CelError NoKey(string key) => new($"no such key: {key}");
}

/// <summary>CEL's values: bool, double, string, <see cref="Null"/>, <see cref="List{T}"/> for lists that an expression writes,
/// <see cref="JsonElement"/> for the envelope's lists and maps, and <see cref="CelError"/>.</summary>
internal static class CelValues
{
    public static readonly object Null = new();

    private static readonly object True = true;
    private static readonly object False = false;

    public static object Of(bool value) => value ? True : False;

    public static object Of(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.Number => element.GetDouble(),
        JsonValueKind.True => True,
        JsonValueKind.False => False,
        JsonValueKind.Null => Null,
        _ => element,
    };

    public static object Select(object target, string name) => target switch
    {
        CelError => target,
        JsonElement { ValueKind: JsonValueKind.Object } map when map.TryGetProperty(name, out var value) => Of(value),
        JsonElement { ValueKind: JsonValueKind.Object } => CelError.NoKey(name),
        _ => CelError.NoOverload,
    };

    public static object Has(object target, string name) => target switch
    {
        CelError => target,
        JsonElement { ValueKind: JsonValueKind.Object } map => Of(map.TryGetProperty(name, out _)),
        _ => False,
    };

    public static object Index(object target, object key) => (target, key) switch
    {
        (CelError, _) => target,
        (_, CelError) => key,
        (JsonElement { ValueKind: JsonValueKind.Object }, string name) => Select(target, name),
        (JsonElement { ValueKind: JsonValueKind.Array } list, double at) => At(at, list.GetArrayLength(), i => Of(list[i])),
        (List<object> list, double at) => At(at, list.Count, i => list[i]),
        _ => CelError.NoOverload,
    };

    private static object At(double index, int count, Func<int, object> item) =>
        index >= 0 && index < count && double.IsInteger(index) ? item((int)index) : new CelError($"index out of bounds: {index}");

    public static object Size(object value) => value switch
    {
        CelError => value,
        string text => (double)text.EnumerateRunes().Count(),
        JsonElement { ValueKind: JsonValueKind.Array } list => (double)list.GetArrayLength(),
        JsonElement { ValueKind: JsonValueKind.Object } map => (double)map.EnumerateObject().Count(),
        List<object> list => (double)list.Count,
        _ => CelError.NoOverload,
    };

    /// <summary>The items of a list; null: it is none.</summary>
    private static IEnumerable<object>? Items(object value) => value switch
    {
        List<object> list => list,
        JsonElement { ValueKind: JsonValueKind.Array } list => list.EnumerateArray().Select(Of),
        _ => null,
    };

    public static object In(object item, object container)
    {
        if (item is CelError || container is CelError)
        {
            return item is CelError ? item : container;
        }

        if (container is JsonElement { ValueKind: JsonValueKind.Object } map)
        {
            return item is string key ? Of(map.TryGetProperty(key, out _)) : CelError.NoOverload;
        }

        return Items(container) is { } items ? Of(items.Any(i => AreEqual(i, item))) : CelError.NoOverload;
    }

    /// <summary>Values of different kinds are unequal, and that is no error.</summary>
    public static bool AreEqual(object left, object right) => (left, right) switch
    {
        (bool a, bool b) => a == b,
        (double a, double b) => a == b,
        (string a, string b) => a == b,
        (JsonElement { ValueKind: JsonValueKind.Object } a, JsonElement { ValueKind: JsonValueKind.Object } b) => JsonElement.DeepEquals(a, b),
        _ when Items(left) is { } a && Items(right) is { } b => a.SequenceEqual(b, Equality.Instance),
        _ => left == Null && right == Null,
    };

    /// <summary>Less than zero, zero or more; null: these have no order.</summary>
    public static int? Order(object left, object right) => (left, right) switch
    {
        (double a, double b) => a.CompareTo(b),
        (string a, string b) => string.CompareOrdinal(a, b),
        (bool a, bool b) => a.CompareTo(b),
        _ => null,
    };

    private sealed class Equality : IEqualityComparer<object>
    {
        public static readonly Equality Instance = new();

        bool IEqualityComparer<object>.Equals(object? x, object? y) => AreEqual(x!, y!);

        int IEqualityComparer<object>.GetHashCode(object value) => 0;
    }
}
