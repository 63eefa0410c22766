namespace EdgeMesh.Replication;

/// <summary>Names a journal in the mesh. On the wire <c>site.owner.kind</c>, such as <c>clinic-a.records.changes</c>.</summary>
/// <param name="Site">The site where it is written.</param>
/// <param name="Owner">The service that writes it (its Dapr app id).</param>
/// <param name="Kind"><see cref="Changes"/> or <see cref="Access"/>.</param>
public sealed record JournalName(string Site, string Owner, string Kind)
{
    /// <summary>The journal of changes.</summary>
    public const string Changes = "changes";

    /// <summary>The journal of accesses: reads, denials, disclosures.</summary>
    public const string Access = "access";

    /// <summary><c>site.owner.kind</c>.</summary>
    public override string ToString() => $"{Site}.{Owner}.{Kind}";

    /// <summary>Reads <c>site.owner.kind</c>.</summary>
    public static bool TryParse(string? text, out JournalName? name)
    {
        var parts = text?.Split('.');
        name = parts is [{ Length: > 0 } site, { Length: > 0 } owner, { Length: > 0 } kind] ? new(site, owner, kind) : null;
        return name is not null;
    }
}
