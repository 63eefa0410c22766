using System.Text;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>Finds events in the site's ledger by their bytes, where it no longer knows their sequence: the ledger remembers the last stretches
/// of a producer, and the file that knew the rest is gone. Events stand there in their order, so one walk finds them all.</summary>
internal sealed class LedgerScan(AppClients apps)
{
    private long _next;

    /// <summary>The entries of events, in order. They must all be published.</summary>
    public async Task<List<long>> FindAsync(IReadOnlyList<ReadOnlyMemory<byte>> events, CancellationToken cancellation)
    {
        using var client = apps.Get("ledger");
        var log = new HttpLogSource(client, new Uri(client.BaseAddress!, "ledger"));
        var size = await SizeAsync(log, cancellation);
        var found = new List<long>(events.Count);
        for (var bundle = _next / TilePath.FullWidth; TileLayout.Width(size, TilePath.Entries, bundle) > 0; bundle++)
        {
            var index = bundle * TilePath.FullWidth;
            foreach (var entry in await EntriesAsync(log, TileLayout.Tile(size, TilePath.Entries, bundle), cancellation))
            {
                if (index++ >= _next && entry.Span.SequenceEqual(events[found.Count].Span))
                {
                    found.Add(index - 1);
                    if (found.Count == events.Count)
                    {
                        _next = index;
                        return found;
                    }
                }
            }
        }

        // Perhaps not published yet; or the follower went back, and the walk begins anew.
        _next = 0;
        throw new IOException($"The ledger says that it has {events.Count} events, and shows {found.Count} of them in its first {size} entries.");
    }

    private static async Task<long> SizeAsync(HttpLogSource log, CancellationToken cancellation)
    {
        var note = await log.ReadAsync(LogFiles.Checkpoint, cancellation) is { } bytes ? Encoding.UTF8.GetString(bytes.Span) : "";
        return Checkpoint.TryParse(note[..(note.IndexOf("\n\n", StringComparison.Ordinal) + 1)], out var checkpoint)
            ? checkpoint.Size
            : throw new IOException("The ledger's checkpoint can't be read.");
    }

    private static async Task<IReadOnlyList<ReadOnlyMemory<byte>>> EntriesAsync(HttpLogSource log, TilePath path, CancellationToken cancellation) =>
        await log.ReadAsync(path.ToString(), cancellation) is { } bytes && EntryBundle.TryRead(bytes) is { } entries
            ? entries
            : throw new IOException($"The ledger's {path} can't be read.");
}
