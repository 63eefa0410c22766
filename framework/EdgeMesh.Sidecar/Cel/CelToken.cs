namespace EdgeMesh.Sidecar.Cel;

/// <param name="Kind">What it is.</param>
/// <param name="Text">A name or a sign as written; a string's content, unescaped.</param>
/// <param name="At">Where it begins, for messages.</param>
internal readonly record struct CelToken(CelTokenKind Kind, string Text, int At)
{
    public double Number { get; init; }

    public override string ToString() => Kind == CelTokenKind.End ? "the end" : $"'{Text}' (character {At + 1})";
}

internal enum CelTokenKind
{
    Name,
    String,
    Number,
    Sign,
    End,
}
