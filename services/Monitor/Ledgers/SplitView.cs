using EdgeMesh.Ledger;

namespace EdgeMesh.Services.Monitor.Ledgers;

/// <summary>One log, one size, two histories: each signed by the log, so that either proves the other wrong to anybody.</summary>
internal sealed record SplitView(SeenCheckpoint One, SeenCheckpoint Other)
{
    /// <summary>Null: these two notes prove nothing about that log.</summary>
    public static SplitView? Open(byte[] one, byte[] other, VerifierKey? log) =>
        log is not null && SeenCheckpoint.Open(one, log, "") is { } first && SeenCheckpoint.Open(other, log, "") is { } second && first.Size == second.Size && !first.Root.Equals(second.Root)
            ? new(first, second) : null;
}
