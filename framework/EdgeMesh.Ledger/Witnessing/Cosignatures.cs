using System.Diagnostics.CodeAnalysis;
using EdgeMesh.Ledger.Storage;

namespace EdgeMesh.Ledger;

/// <summary>Which witnesses cosigned a log's checkpoints: of the newest one that any of them did. Kept as a body; what a crash loses of it
/// the witnesses give again.</summary>
/// <param name="log">The log's key.</param>
/// <param name="store">The log's store.</param>
public sealed class Cosignatures(VerifierKey log, ILedgerStore store)
{
    private readonly SemaphoreSlim _writing = new(1);
    private SignedNote? _newest;

    /// <summary>The newest cosigned checkpoint; null: none was yet.</summary>
    public SignedNote? Newest => Volatile.Read(ref _newest);

    /// <summary>Reads what was kept. What is not this log's is left alone.</summary>
    public async Task LoadAsync(CancellationToken cancellation)
    {
        if (await store.ReadBodyAsync(LedgerKeys.Cosigned, cancellation) is { } body && TryOpen(body.Span, out var note))
        {
            Interlocked.CompareExchange(ref _newest, note, null);
        }
    }

    /// <summary>Takes a cosignature that was verified, of a checkpoint that the log signed. One of a size below the newest comes too late
    /// to say anything.</summary>
    public async Task AddAsync(SignedNote checkpoint, NoteSignature cosignature, CancellationToken cancellation)
    {
        await _writing.WaitAsync(cancellation);
        try
        {
            var next = With(checkpoint, cosignature);
            if (next is not null)
            {
                Volatile.Write(ref _newest, next);
                await store.WriteBodyAsync(LedgerKeys.Cosigned, next.ToBytes(), cancellation);
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>A checkpoint as it is served: with its cosignatures, if it is the newest that has any.</summary>
    internal ReadOnlyMemory<byte> On(ReadOnlyMemory<byte> checkpoint) =>
        Newest is { } newest && checkpoint.Span.StartsWith(System.Text.Encoding.UTF8.GetBytes(newest.Text + "\n")) ? newest.ToBytes() : checkpoint;

    private SignedNote? With(SignedNote checkpoint, NoteSignature cosignature)
    {
        if (_newest is not { } newest || SizeOf(checkpoint) > SizeOf(newest))
        {
            return checkpoint with { Signatures = [.. checkpoint.Signatures.Where(log.Signed), cosignature] };
        }

        // A witness's later word of the same checkpoint replaces its earlier one.
        return newest.Text == checkpoint.Text
            ? newest with { Signatures = [.. newest.Signatures.Where(s => s.Name != cosignature.Name || s.KeyId != cosignature.KeyId), cosignature] }
            : null;
    }

    private bool TryOpen(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SignedNote? note)
    {
        note = null;
        return Checkpoint.TryOpen(bytes, log, out _) && SignedNote.TryParse(bytes, out note);
    }

    private static long SizeOf(SignedNote note) => Checkpoint.TryParse(note.Text, out var checkpoint) ? checkpoint.Size : -1;
}
