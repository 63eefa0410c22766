using System.Text;
using System.Text.Json.Nodes;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>Reads audit events back from the journals, for receipts and for auditors.</summary>
internal sealed class AuditReader(IReadOnlyList<Journal> journals, AuditSealer sealer)
{
    /// <summary>The journal of a kind (<c>changes</c>, <c>access</c>) of this site; null when there is none.</summary>
    public Journal? Find(string kind) => journals.FirstOrDefault(j => j.Name.Kind == kind);

    /// <summary>The FHIR AuditEvent at a position; null when there is none, or its key was destroyed.</summary>
    public async ValueTask<JsonNode?> ReadAsync(Journal journal, Position at, CancellationToken cancellation)
    {
        if (at > journal.Head)
        {
            return null;
        }

        var page = await journal.ReadAsync(at with { Index = at.Index - 1 }, 1, _ => false, cancellation);
        var record = page.Records.FirstOrDefault(r => r.At == at && r.Kind == RecordKind.Event);
        return record is not null && await sealer.OpenAsync(record.Event, cancellation) is { } audit
            ? JsonNode.Parse(Encoding.UTF8.GetString(audit.Span))
            : null;
    }
}
