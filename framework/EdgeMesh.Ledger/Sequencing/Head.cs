using System.Collections.Immutable;
using EdgeMesh.Ledger.Storage;

namespace EdgeMesh.Ledger.Sequencing;

/// <summary>The one row that decides what the log is.</summary>
/// <param name="Checkpoint">Origin, size and root.</param>
/// <param name="Note">The checkpoint, signed.</param>
/// <param name="Time">When it was signed; never goes back.</param>
/// <param name="Epoch">Counts loads: a sequencer that loads moves the head, so whoever had it before can't any more.</param>
/// <param name="Producers">For idempotency.</param>
internal sealed record Head(Checkpoint Checkpoint, ReadOnlyMemory<byte> Note, DateTimeOffset Time, long Epoch, Producers Producers)
{
    private const char Kind = 'H';

    public long Size => Checkpoint.Size;

    public byte[] ToBytes() => RowFormat.Write(Kind, writer =>
    {
        writer.WriteBytes(Note.Span);
        writer.Write(Time.ToUnixTimeMilliseconds());
        writer.Write(Epoch);
        writer.Write7BitEncodedInt(Producers.Runs.Count);
        // Sorted, so that a head has one form.
        foreach (var (name, runs) in Producers.Runs.OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            writer.Write(name);
            writer.Write7BitEncodedInt(runs.Length);
            foreach (var run in runs)
            {
                writer.Write(run.First);
                writer.Write(run.Count);
                writer.Write(run.Index);
            }
        }
    });

    /// <exception cref="LedgerHaltedException">Damaged, or signed by another key.</exception>
    public static Head FromBytes(ReadOnlyMemory<byte> bytes, VerifierKey log)
    {
        var (note, time, epoch, producers) = RowFormat.Read(LedgerKeys.Head, Kind, bytes, reader =>
            (reader.ReadBytesExactly(), DateTimeOffset.FromUnixTimeMilliseconds(reader.ReadInt64()), reader.ReadInt64(), ReadProducers(reader)));
        return EdgeMesh.Ledger.Checkpoint.TryOpen(note, log, out var checkpoint)
            ? new Head(checkpoint, note, time, epoch, producers)
            : throw new LedgerHaltedException($"The ledger's head is not signed by the key {log}. Was the secret 'ledger-key' replaced? Restore the key that this log began with.");
    }

    private static Producers ReadProducers(BinaryReader reader)
    {
        var runs = Producers.None.Runs.ToBuilder();
        for (var left = reader.Read7BitEncodedInt(); left > 0; left--)
        {
            var name = reader.ReadString();
            runs[name] = [.. Enumerable.Range(0, reader.Read7BitEncodedInt()).Select(_ => new ProducerRun(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64()))];
        }

        return new Producers(runs.ToImmutable());
    }
}
