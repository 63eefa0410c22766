namespace EdgeMesh.Services.Monitor.Ledgers;

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
