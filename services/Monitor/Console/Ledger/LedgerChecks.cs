using System.Globalization;
using System.Text;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;
using EdgeMesh.Services.Monitor.Console.Access;

namespace EdgeMesh.Services.Monitor.Console.Ledger;

/// <summary>The ledger's latest checkpoint, as it was checked here.</summary>
/// <param name="Origin">Which log.</param>
/// <param name="Size">How many entries it has.</param>
/// <param name="Root">The root of their tree.</param>
/// <param name="IsSigned">Whether the key that the mesh knows for this log signed it; null: this site does not know the key.</param>
/// <param name="Cosigned">The newest checkpoint that other sites cosigned; null: none was yet.</param>
internal sealed record CheckedCheckpoint(string Origin, long Size, string Root, bool? IsSigned, CosignedCheckpoint? Cosigned);

/// <summary>A checkpoint that other sites cosigned: whoever shows another history up to there lies.</summary>
/// <param name="Size">How many entries it covers.</param>
/// <param name="Witnesses">The sites whose witness key signed, and when by their own word; null: the line is not that key's.</param>
internal sealed record CosignedCheckpoint(long Size, IReadOnlyList<(string Site, DateTimeOffset? Time)> Witnesses);

/// <summary>What a check found.</summary>
/// <param name="Holds">Whether it holds.</param>
/// <param name="Words">What was checked, or what is wrong.</param>
internal sealed record ProofVerdict(bool Holds, string Words);

/// <summary>Checks what the site's ledger says, here and not by its own word: signatures by the key of the mesh's directory, proofs by
/// hashing the entry.</summary>
internal sealed class LedgerChecks(CallerRequests services, MeshDirectory mesh)
{
    private const string App = "ledger";

    private VerifierKey? Key => VerifierKey.TryParse(mesh.This.LedgerKey, out var key) ? key : null;

    public async Task<(CheckedCheckpoint? Checkpoint, string? Problem)> ReadCheckpointAsync(HttpContext context)
    {
        var answer = await services.GetAsync(context, App, "ledger/checkpoint");
        if (answer.Problem is not null)
        {
            return (null, answer.Problem);
        }

        if (!SignedNote.TryParse(answer.Body, out var note) || !Checkpoint.TryParse(note.Text, out var checkpoint))
        {
            return (null, "The ledger's checkpoint can't be read.");
        }

        var cosigned = await services.GetAsync(context, App, "ledger/cosigned");
        return (new CheckedCheckpoint(checkpoint.Origin, checkpoint.Size, checkpoint.Root.ToString(), Key is { } key ? Checkpoint.TryOpen(answer.Body, key, out _) : null,
            cosigned.Problem is null && Key is not null ? Check(cosigned.Body) : null), null);
    }

    /// <summary>Asks for an entry and its proof, and checks one by the other.</summary>
    public async Task<ProofVerdict> CheckEntryAsync(HttpContext context, long index)
    {
        var answer = await services.GetAsync(context, App, string.Create(CultureInfo.InvariantCulture, $"ledger/proof/{index}"));
        return answer.Problem is not null ? new(false, answer.Problem) : await CheckProofAsync(context, answer.Body);
    }

    /// <summary>Checks a proof against the entry that the ledger serves.</summary>
    public Task<ProofVerdict> CheckProofAsync(HttpContext context, string proof) => CheckProofAsync(context, Encoding.UTF8.GetBytes(proof));

    private async Task<ProofVerdict> CheckProofAsync(HttpContext context, byte[] bytes)
    {
        if (Key is not { } key)
        {
            return new(false, "The mesh's directory names no key of this site's ledger, so nothing can be checked here.");
        }

        if (!TlogProof.TryParse(bytes, out var proof) || !Checkpoint.TryParse(proof.Checkpoint.Text, out var checkpoint) || proof.Index >= checkpoint.Size)
        {
            return new(false, "The proof can't be read.");
        }

        var bundle = TileLayout.Tile(checkpoint.Size, TilePath.Entries, proof.Index / TilePath.FullWidth);
        var answer = await services.GetAsync(context, App, $"ledger/{bundle}");
        if (answer.Problem is not null || EntryBundle.TryRead(answer.Body) is not { } entries || entries.Count <= proof.Index % TilePath.FullWidth)
        {
            return new(false, answer.Problem ?? "The ledger's entry can't be read.");
        }

        return proof.Verify(entries[(int)(proof.Index % TilePath.FullWidth)].Span, key)
            ? new(true, $"Entry {proof.Index} is in the tree of {checkpoint.Size} entries that the ledger's key signed.")
            : new(false, $"Entry {proof.Index} is NOT what the signed tree of {checkpoint.Size} entries holds: keep this, and run edgemesh ledger verify.");
    }

    /// <summary>Null: it is no checkpoint that the ledger's key signed.</summary>
    private CosignedCheckpoint? Check(byte[] body) =>
        Key is { } key && Checkpoint.TryOpen(body, key, out var checkpoint) && SignedNote.TryParse(body, out var note)
            ? new(checkpoint.Size, [.. note.Signatures.Where(s => s.Name != checkpoint.Origin).Select(line => Verify(note.Text, line)).OrderBy(w => w.Site, StringComparer.Ordinal)])
            : null;

    private (string Site, DateTimeOffset? Time) Verify(string text, NoteSignature line)
    {
        var site = mesh.Sites.FirstOrDefault(s => LedgerKey.WitnessOf(s.Name) == line.Name);
        return (site?.Name ?? line.Name, VerifierKey.TryParse(site?.WitnessKey ?? "", out var witness) ? Cosignature.Verify(witness, text, line) : null);
    }
}
