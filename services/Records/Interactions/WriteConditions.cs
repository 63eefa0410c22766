using EdgeMesh.Replication;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary><c>If-Match</c> against what stands.</summary>
internal static class WriteConditions
{
    /// <summary>Null when the write may go on. While concurrent versions stand side by side, a write must name them all: it merges them.</summary>
    public static FhirAnswer? Check(WriteEntry entry, Document current)
    {
        string[] standing = [current.Version.ToString(), .. current.Siblings.Select(s => s.Version.ToString())];
        var named = EntityTags.Read(entry.IfMatch);
        var holds = standing.Length == 1
            ? named.Count == 0 || named.Contains("*") || named.Contains(standing[0])
            : standing.All(named.Contains);
        return holds ? null : Stale(entry, standing);
    }

    private static FhirAnswer Stale(WriteEntry entry, string[] standing)
    {
        var tags = string.Join(", ", standing.Select(v => $"W/\"{v}\""));
        var detail = standing.Length == 1
            ? $"{entry.Type}/{entry.Id} is at {tags} now. Read it, apply your change to that version, and send it with that If-Match."
            : $"{entry.Type}/{entry.Id} has versions that were written at two sites at once: {tags}. Read them in its _history, merge them, and send the merge with an If-Match that names them all.";
        return FhirAnswer.Fault(412, "conflict", standing.Length == 1 ? "version-stale" : "conflict", detail) with { VersionId = standing[0] };
    }
}
