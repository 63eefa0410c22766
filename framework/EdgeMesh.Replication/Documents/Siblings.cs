namespace EdgeMesh.Replication.Documents;

/// <summary>Makes one document of its current versions.</summary>
internal static class Siblings
{
    /// <summary>The first stands for all; the others are its siblings.</summary>
    public static Document Compose(IReadOnlyList<Document> versions) =>
        versions.Count == 1 ? versions[0] : versions[0] with { Siblings = [.. versions.Skip(1)] };
}
