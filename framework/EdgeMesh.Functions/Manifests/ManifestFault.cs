namespace EdgeMesh.Functions;

/// <summary>Something wrong in a manifest.</summary>
/// <param name="File">The file, as it was named.</param>
/// <param name="Line">The line, from 1.</param>
/// <param name="Key">The key, such as <c>limits.time</c>.</param>
/// <param name="Problem">What is wrong, and what may be there.</param>
public sealed record ManifestFault(string File, int Line, string Key, string Problem)
{
    /// <summary><c>file:line: key: problem</c></summary>
    public override string ToString() => Key.Length == 0 ? $"{File}:{Line}: {Problem}" : $"{File}:{Line}: {Key}: {Problem}";
}

/// <summary>What came of reading a manifest.</summary>
/// <param name="Manifest">The manifest; null when there are faults.</param>
/// <param name="Faults">Every fault, by line.</param>
public sealed record ManifestResult(FunctionManifest? Manifest, IReadOnlyList<ManifestFault> Faults);
