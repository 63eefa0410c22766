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

/// <summary>One log, one size, two histories: each signed by the log, so that either proves the other wrong to anybody.</summary>
internal sealed record SplitView(SeenCheckpoint One, SeenCheckpoint Other)
{
    /// <summary>Null: these two notes prove nothing about that log.</summary>
    public static SplitView? Open(byte[] one, byte[] other, VerifierKey log) =>
        SeenCheckpoint.Open(one, log, "") is { } first && SeenCheckpoint.Open(other, log, "") is { } second && first.Size == second.Size && !first.Root.Equals(second.Root)
            ? new(first, second) : null;
}

/// <summary>Checkpoints of logs as they were seen, by size. Bounded: of each log those seen last, whatever their size: a log that lies may sign any,
/// small ones below those that are known, or huge ones above. Not for concurrent use.</summary>
internal sealed class CheckpointMemory
{
    /// <summary>Of each log. Of two readers that look every minute, each finds what the other saw in the last four hours.</summary>
    public const int MostSizes = 512;

    // In the order in which they were seen last.
    private readonly Dictionary<string, OrderedDictionary<long, SeenCheckpoint>> _seen = new(StringComparer.Ordinal);

    /// <summary>Takes a checkpoint whose signature holds.</summary>
    /// <returns>What it contradicts; null: nothing that is remembered.</returns>
    public SplitView? Take(SeenCheckpoint checkpoint)
    {
        if (!_seen.TryGetValue(checkpoint.Log, out var sizes))
        {
            _seen[checkpoint.Log] = sizes = [];
        }

        if (sizes.Remove(checkpoint.Size, out var before) && !before.Root.Equals(checkpoint.Root))
        {
            sizes.Add(checkpoint.Size, before);
            return new(before, checkpoint);
        }

        sizes.Add(checkpoint.Size, before ?? checkpoint);
        if (sizes.Count > MostSizes)
        {
            sizes.RemoveAt(0);
        }

        return null;
    }
}
