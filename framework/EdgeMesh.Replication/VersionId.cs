namespace EdgeMesh.Replication;

/// <summary>Names one version of a document: the site and the position of the commit that made it, the same at every site.</summary>
/// <param name="Site">The site where the version originated.</param>
/// <param name="At">The position in that site's change journal.</param>
public readonly record struct VersionId(string Site, Position At)
{
    /// <summary><c>site.epoch.batch.index</c>: letters, digits, <c>-</c> and <c>.</c>, so it is also a FHIR id.</summary>
    public override string ToString() => $"{Site}.{At}";

    /// <summary>Reads <c>site.epoch.batch.index</c>.</summary>
    public static bool TryParse(string? text, out VersionId version)
    {
        version = default;
        var dot = text?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        if (dot <= 0 || !Position.TryParse(text![(dot + 1)..], out var at))
        {
            return false;
        }

        version = new VersionId(text[..dot], at);
        return true;
    }
}
