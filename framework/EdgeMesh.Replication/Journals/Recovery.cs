using Google.Protobuf;
using Wire = EdgeMesh.Replication.Wire;

namespace EdgeMesh.Replication;

/// <summary>Opens a journal's head, and derives what an interrupted writer left behind it.</summary>
internal static class Recovery
{
    public static async ValueTask<StoredRow> OpenHeadAsync(JournalKeys keys, IJournalStore store, EpochMarker marker, CancellationToken cancellation)
    {
        var row = await store.GetRowAsync(keys.Head, cancellation);
        var (epoch, batch) = marker.Read();
        var head = row is null ? null : Wire.Head.Parser.ParseFrom(row.Value.Span);
        if (head is { Format: > Codec.Format })
        {
            throw new InvalidDataException($"The journal was written by a newer version (format {head.Format}). Upgrade this service.");
        }

        if (head is not null && (head.Epoch, head.Batch).CompareTo((epoch, batch)) >= 0)
        {
            return row!;
        }

        var next = new Wire.Head { Format = Codec.Format, Epoch = Math.Max(head?.Epoch ?? 0, epoch) + 1, LastIndex = -1, Counter = 0 };
        if (head is not null)
        {
            next.Ended.Add(head.Ended);
            next.Ended.Add(new Wire.EpochEnd { Epoch = head.Epoch, Batch = head.Batch, LastIndex = head.LastIndex });
        }

        var guard = row is null ? RowGuard.Absent : RowGuard.Matches(row.ETag);
        await store.TransactAsync([new RowWrite(keys.Head, next.ToByteArray(), guard)], cancellation);
        return await store.GetRowAsync(keys.Head, cancellation) ?? throw new JournalUnavailableException($"The head '{keys.Head}' was written and can't be read.");
    }

    /// <summary>Derives every batch between <c>derived</c> and the head. Deriving a batch again changes nothing that counts: the head of a
    /// document is a function of the versions seen.</summary>
    public static async ValueTask DeriveAsync(JournalKeys keys, IJournalStore store, DocumentHeads heads, BatchLog log, Wire.Head head, CancellationToken cancellation)
    {
        var row = await store.GetRowAsync(keys.Derived, cancellation);
        var derived = row is null ? new Wire.Derived() : Wire.Derived.Parser.ParseFrom(row.Value.Span);
        foreach (var (epoch, last) in Epochs(head))
        {
            if (epoch < derived.Epoch)
            {
                continue;
            }

            for (var number = epoch == derived.Epoch ? derived.Batch + 1 : 1; number <= last; number++)
            {
                await heads.ApplyAsync(await log.ReadAsync(epoch, number, cancellation), epoch, number);
                if (heads.Waiting > 2_000)
                {
                    await heads.WriteAsync(epoch, number, cancellation);
                }
            }
        }

        if (heads.Waiting > 0)
        {
            await heads.WriteAsync(head.Epoch, head.Batch, cancellation);
        }
    }

    /// <summary>The last record. Before the first batch of an epoch that is the end of the one before.</summary>
    public static Position Last(Wire.Head head) =>
        head.Batch > 0 ? new Position(head.Epoch, head.Batch, head.LastIndex)
        : head.Ended.Count > 0 ? new Position(head.Ended[^1].Epoch, head.Ended[^1].Batch, head.Ended[^1].LastIndex)
        : Position.Start;

    /// <summary>Every epoch with its last batch, in order.</summary>
    public static IEnumerable<(uint Epoch, long Last)> Epochs(Wire.Head head) =>
        head.Ended.Select(e => (e.Epoch, e.Batch)).Append((head.Epoch, head.Batch));
}
