namespace EdgeMesh.Telemetry;

/// <summary>Where log records wait until they are shipped, and how much room they may take.</summary>
public sealed record LogSpoolOptions
{
    private const long SmallestQuota = 1024 * 1024;
    private const int SegmentsInQuota = 16;
    private const int LargestSegment = 8 * 1024 * 1024;

    /// <summary>The folder; one process owns it.</summary>
    public required string Folder { get; init; }

    /// <summary>Disk space in bytes. Beyond it the oldest records of the lowest priority go first.</summary>
    public long Quota { get; init; } = 256 * 1024 * 1024;

    /// <summary>Memory between the threads that log and the disk, in bytes. Records that find it full are lost and counted.</summary>
    public int Buffer { get; init; } = 16 * 1024 * 1024;

    /// <summary>The longest that a record of normal or low priority waits for its sync to disk.</summary>
    public TimeSpan SyncInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Small enough that giving up one segment gives up little, large enough that files are few.</summary>
    internal long SegmentBytes => Math.Min(LargestSegment, Quota / SegmentsInQuota);

    /// <summary>Names a new segment; the ids of its records derive from it.</summary>
    internal Func<Guid> NewNonce { get; init; } = Guid.NewGuid;

    internal ISpoolDisk Disk { get; init; } = new LocalDisk();

    /// <summary>What is wrong, each with its name and what to do.</summary>
    public IEnumerable<string> Faults()
    {
        if (Quota < SmallestQuota)
        {
            yield return $"Quota is {Quota}: give at least {SmallestQuota} bytes.";
        }

        if (Buffer < SpoolBuffer.ChunkLength)
        {
            yield return $"Buffer is {Buffer}: give at least {SpoolBuffer.ChunkLength} bytes.";
        }

        if (SyncInterval <= TimeSpan.Zero || SyncInterval > TimeSpan.FromMinutes(1))
        {
            yield return $"SyncInterval is {SyncInterval}: give a time up to one minute.";
        }
    }
}
