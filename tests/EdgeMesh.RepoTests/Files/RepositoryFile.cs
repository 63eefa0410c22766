namespace EdgeMesh.RepoTests;

/// <summary>A text file, by its path below the root, with forward slashes.</summary>
internal sealed record RepositoryFile(string Path, string Text)
{
    private static readonly string[] ShippedRoots = ["framework/", "services/", "cli/", "samples/"];

    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    public bool IsCSharp => Path.EndsWith(".cs", StringComparison.Ordinal);

    public bool IsShipped => ShippedRoots.Any(r => Path.StartsWith(r, StringComparison.Ordinal));

    public string[] Lines => Text.TrimEnd('\n').Split('\n');

    /// <summary>Where a place in the text is, for people.</summary>
    public string At(int index) => $"{Path}:{Text.AsSpan(0, index).Count('\n') + 1}";
}
