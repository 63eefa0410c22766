namespace EdgeMesh.Telemetry;

/// <summary>One segment as readers may see it: up to what was synced.</summary>
/// <param name="Sequence">Its number within its priority.</param>
/// <param name="Path">Its file.</param>
/// <param name="Nonce">What its records' ids begin with.</param>
/// <param name="Length">Bytes that are on disk and synced, the header included.</param>
/// <param name="Records">Records in these bytes.</param>
/// <param name="First">Time of the first record, in milliseconds since 1970.</param>
/// <param name="Last">Time of the last.</param>
internal sealed record Segment(long Sequence, string Path, Guid Nonce, long Length, long Records, long First, long Last);

/// <summary>A place within the records of one priority: before this one lies what was delivered.</summary>
/// <param name="Sequence">Of the segment.</param>
/// <param name="Offset">In bytes; 0: before its first record.</param>
/// <param name="Index">Records before it in the segment.</param>
internal readonly record struct SpoolPosition(long Sequence, long Offset, long Index) : IComparable<SpoolPosition>
{
    public int CompareTo(SpoolPosition other) => (Sequence, Offset).CompareTo((other.Sequence, other.Offset));
}
