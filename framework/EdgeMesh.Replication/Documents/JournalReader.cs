using System.Collections.Immutable;
using EdgeMesh.Replication.Codec;
using EdgeMesh.Replication.Storage;
using EdgeMesh.Replication.Writing;

namespace EdgeMesh.Replication.Documents;

/// <summary>Reads documents and records, mostly from memory.</summary>
internal sealed class JournalReader(JournalCore core)
{
    private const long BytesPerPage = 8 * 1024 * 1024;

    public async ValueTask<IReadOnlyList<Document?>> GetManyAsync(IReadOnlyList<DocumentKey> keys, CancellationToken cancellation)
    {
        var heads = await core.Rows.FindManyAsync([.. keys.Select(core.Keys.Document)], Wire.DocumentHead.Parser, cancellation);
        var versions = heads.SelectMany(h => h is null ? [] : h.Current).ToArray();
        var bodies = await core.Log.BodiesAsync(versions, cancellation);
        var documents = new Document?[keys.Count];
        var next = 0;
        for (var i = 0; i < heads.Length; i++)
        {
            if (heads[i] is { Current.Count: > 0 } head)
            {
                documents[i] = Siblings.Compose([.. head.Current.Select(v => WireModel.Read(v, bodies[next++]))]) with { Shares = DocumentState.Shares(head) };
            }
        }

        return documents;
    }

    public async ValueTask<Document?> GetVersionAsync(DocumentKey key, VersionId version, CancellationToken cancellation)
    {
        await foreach (var found in HistoryAsync(key, cancellation))
        {
            if (WireModel.Read(found.Version) == version)
            {
                return WireModel.Read(found, await core.Log.BodyAsync(found, cancellation));
            }
        }

        return null;
    }

    public async ValueTask<ImmutableArray<Document>> GetHistoryAsync(DocumentKey key, int limit, CancellationToken cancellation)
    {
        var versions = new List<Wire.DocumentVersion>();
        await foreach (var version in HistoryAsync(key, cancellation))
        {
            if (versions.Any(v => v.Version.Equals(version.Version)))
            {
                // Applied again, under another consent.
                continue;
            }

            if (versions.Count == limit)
            {
                break;
            }

            versions.Add(version);
        }

        var bodies = await core.Log.BodiesAsync(versions, cancellation);
        return [.. versions.Select((v, i) => WireModel.Read(v, bodies[i]))];
    }

    public async ValueTask<JournalPage> ReadAsync(Position after, int maxRecords, Func<string, bool> reads, CancellationToken cancellation)
    {
        var (records, next, upToHead) = await ReadRecordsAsync(after, maxRecords, cancellation);
        var bodies = await core.Log.BodiesAsync([.. records.Select(r => r.Record.Document is { } d && reads(d.Key.Collection) ? d : null)], cancellation);
        return new JournalPage([.. records.Select((r, i) => WireModel.Read(r.Record, r.At, bodies[i]))], next, upToHead);
    }

    /// <summary>Records without bodies. Whole batches while they fit; one that does not fit at all is cut.</summary>
    public async ValueTask<(List<(Position At, Wire.Record Record)> Records, Position Next, bool UpToHead)> ReadRecordsAsync(Position after, int maxRecords, CancellationToken cancellation)
    {
        var head = core.Head.Value;
        var (records, bytes) = (new List<(Position At, Wire.Record Record)>(), 0L);
        foreach (var (epoch, number) in Batches(head, after))
        {
            var batch = await core.Log.ReadAsync(epoch, number, cancellation);
            var first = epoch == after.Epoch && number == after.Batch ? after.Index + 1 : 0;
            if (records.Count > 0 && records.Count + batch.Records.Count - first > maxRecords)
            {
                return (records, records[^1].At, false);
            }

            for (var i = first; i < batch.Records.Count; i++)
            {
                if (records.Count > 0 && (records.Count == maxRecords || bytes > BytesPerPage))
                {
                    return (records, records[^1].At, false);
                }

                records.Add((new Position(epoch, number, i), batch.Records[i]));
                bytes += batch.Records[i].Document?.Body?.Length ?? batch.Records[i].Event.Length;
            }
        }

        return (records, records.Count > 0 ? records[^1].At : after, true);
    }

    /// <summary>Batches with records after a position, up to a head.</summary>
    private static IEnumerable<(uint Epoch, long Number)> Batches(Wire.Head head, Position after)
    {
        foreach (var (epoch, last) in JournalHead.Epochs(head).Where(e => e.Epoch >= after.Epoch))
        {
            for (var number = epoch == after.Epoch ? Math.Max(1, after.Batch) : 1; number <= last; number++)
            {
                yield return (epoch, number);
            }
        }
    }

    /// <summary>The chain of a document's records, newest first; it ends where the document was withdrawn.</summary>
    private async IAsyncEnumerable<Wire.DocumentVersion> HistoryAsync(DocumentKey key, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        var head = await core.Rows.FindAsync(core.Keys.Document(key), Wire.DocumentHead.Parser, cancellation);
        for (var at = head?.Last; at is not null;)
        {
            var record = await core.Log.RecordAsync(WireModel.Read(at), cancellation);
            if (record?.Document is not { } version)
            {
                yield break;
            }

            yield return version;
            at = record.Previous;
        }
    }
}
