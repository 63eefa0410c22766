using EdgeMesh.Ledger;

namespace EdgeMesh.Services.Monitor.Ledgers;

/// <summary>A signed checkpoint as somebody saw it.</summary>
/// <param name="Log">The log.</param>
/// <param name="Size">How many entries it states.</param>
/// <param name="Root">The root of their tree.</param>
/// <param name="Note">The signed note, as it was served.</param>
/// <param name="SeenBy">Who saw it.</param>
internal sealed record SeenCheckpoint(string Log, long Size, LogHash Root, string Note, string SeenBy)
{
    /// <summary>Null: the log's key did not sign it.</summary>
    public static SeenCheckpoint? Open(byte[] note, VerifierKey log, string seenBy) => Checkpoint.TryOpen(note, log, out var checkpoint)
        ? new(checkpoint.Origin, checkpoint.Size, checkpoint.Root, System.Text.Encoding.UTF8.GetString(note), seenBy)
        : null;
}
