using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>Reads audit events back from the journals, for receipts and for auditors.</summary>
internal sealed class AuditReader(IReadOnlyList<Journal> journals, AuditSealer sealer)
{
    private const int EventsPerPage = 200;

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
        return record is null ? null : await OpenAsync(record, cancellation);
    }

    /// <summary>All AuditEvents of a request, in order, by the position of any one of them; without those whose keys were destroyed.</summary>
    public async ValueTask<IReadOnlyList<(Position At, JsonNode Event)>> ReadRequestAsync(Journal journal, Position at, CancellationToken cancellation)
    {
        if (await ReadAsync(journal, at, cancellation) is not { } named)
        {
            return [];
        }

        var (events, after, expected) = (new List<(Position, JsonNode)>(), at with { Index = at.Index - NumberOf(named).Index - 1 }, 0);
        while (await journal.ReadAsync(after, EventsPerPage, _ => false, cancellation) is { Records.Length: > 0 } page)
        {
            foreach (var record in page.Records)
            {
                if (record.Kind != RecordKind.Event || (record.At.Epoch, record.At.Batch) != (at.Epoch, at.Batch))
                {
                    return events;
                }

                var part = await OpenAsync(record, cancellation);
                var number = part is null ? new AuditNumber(expected, HasMore: true) : NumberOf(part);
                if (number.Index != expected++)
                {
                    // The last of this request could not be opened, and the next request begins.
                    return events;
                }

                if (part is not null)
                {
                    events.Add((record.At, part));
                }

                if (!number.HasMore)
                {
                    return events;
                }
            }

            after = page.Next;
        }

        return events;
    }

    private async ValueTask<JsonNode?> OpenAsync(JournalRecord record, CancellationToken cancellation) =>
        await sealer.OpenAsync(record.Event, cancellation) is { } audit ? JsonNode.Parse(Encoding.UTF8.GetString(audit.Span)) : null;

    /// <summary>Where an AuditEvent stands among those of its request.</summary>
    public static AuditNumber NumberOf(JsonNode audit)
    {
        var text = Extension(audit, AuditEventWriter.NumberExtension);
        return text is null ? default : new AuditNumber(int.Parse(text.TrimEnd('+'), CultureInfo.InvariantCulture), text.EndsWith('+'));
    }

    /// <summary>The text of an extension; null when there is none.</summary>
    public static string? Extension(JsonNode audit, string url) =>
        audit["extension"]?.AsArray().FirstOrDefault(e => e?["url"]?.GetValue<string>() == url)?["valueString"]?.GetValue<string>();
}
