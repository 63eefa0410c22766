using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>Follows a journal and hands its events to the site's ledger, which sees opaque bytes. Position and sequence are stored after
/// the ledger has acknowledged; a crash between sends the same events under the same sequence again, and the ledger answers where they are.</summary>
internal sealed class LedgerShipper(JournalName journal, AppClients apps, AuditProgress progress) : IFollower
{
    /// <summary>Entries of one call: far below the ledger's limits, and enough to fill a batch.</summary>
    private const int EntriesPerCall = 256;
    private const int BytesPerCall = 384 * 1024;

    /// <summary>The ledger's code for a sequence that it no longer knows the index of.</summary>
    private const string Forgotten = "sequence-forgotten";

    private readonly LedgerScan _scan = new(apps);
    private AuditPosition? _at;

    public string Name => "ledger";

    /// <summary>Events stand in the records themselves.</summary>
    public bool Reads(string collection) => false;

    public async ValueTask<Position> GetPositionAsync(CancellationToken cancellation)
    {
        _at = await progress.LoadAsync(journal, cancellation);
        return _at.Position;
    }

    public async ValueTask ApplyAsync(JournalPage page, CancellationToken cancellation)
    {
        var sequence = _at!.Sequence;
        foreach (var call in Calls(page.Records.Where(r => r.Kind == RecordKind.Event)))
        {
            for (var left = call; left.Count > 0;)
            {
                var entries = await SendAsync(left, sequence, cancellation) is { } added
                    ? Enumerable.Range(0, added.Count).Select(i => added.First + i).ToList()
                    : await _scan.FindAsync([.. left.Select(r => r.Event)], cancellation);
                progress.Remember(journal, left.Zip(entries));
                sequence += entries.Count;
                left = left[entries.Count..];
            }
        }

        _at = new AuditPosition(page.Next, sequence);
        await progress.SaveAsync(journal, _at, cancellation);
    }

    private static IEnumerable<List<JournalRecord>> Calls(IEnumerable<JournalRecord> events)
    {
        var (call, bytes) = (new List<JournalRecord>(), 0);
        foreach (var entry in events)
        {
            if (call.Count == EntriesPerCall || call.Count > 0 && bytes + entry.Event.Length > BytesPerCall)
            {
                yield return call;
                (call, bytes) = ([], 0);
            }

            call.Add(entry);
            bytes += entry.Event.Length + 2;
        }

        if (call.Count > 0)
        {
            yield return call;
        }
    }

    /// <summary>Null: the ledger had them, so long ago that it does not know where.</summary>
    private async Task<Added?> SendAsync(List<JournalRecord> call, long sequence, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "add-batch") { Content = new ByteArrayContent(Encode(call)) };
        request.Headers.Add("EdgeMesh-Producer", $"{journal.Owner}.{journal.Kind}");
        request.Headers.Add("EdgeMesh-Sequence", sequence.ToString(CultureInfo.InvariantCulture));
        using var answer = await apps.Get("ledger").SendAsync(request, cancellation);
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            var problem = await answer.Content.ReadAsStringAsync(cancellation);
            return answer.StatusCode == HttpStatusCode.Conflict && problem.Contains(Forgotten, StringComparison.Ordinal)
                ? null
                : throw new HttpRequestException($"The ledger answered {(int)answer.StatusCode} to {call.Count} events from sequence {sequence}: {problem}");
        }

        return await answer.Content.ReadFromJsonAsync<Added>(cancellation) is { Count: > 0 } added
            ? added
            : throw new HttpRequestException("The ledger answered without a count.");
    }

    private static byte[] Encode(List<JournalRecord> call)
    {
        var body = new byte[call.Sum(r => r.Event.Length + 2)];
        var at = 0;
        foreach (var entry in call)
        {
            BinaryPrimitives.WriteUInt16BigEndian(body.AsSpan(at), checked((ushort)entry.Event.Length));
            entry.Event.CopyTo(body.AsMemory(at + 2));
            at += entry.Event.Length + 2;
        }

        return body;
    }

    private sealed record Added(long First, int Count);
}
