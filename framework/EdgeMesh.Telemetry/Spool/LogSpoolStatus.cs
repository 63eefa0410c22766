namespace EdgeMesh.Telemetry;

/// <summary>How a spool is doing.</summary>
public sealed record LogSpoolStatus
{
    /// <summary>Records on disk that are not delivered.</summary>
    public required long BacklogRecords { get; init; }

    /// <summary>Their size, in bytes.</summary>
    public required long BacklogBytes { get; init; }

    /// <summary>When the oldest of them was logged; null: there is none.</summary>
    public required DateTimeOffset? Oldest { get; init; }

    /// <summary>Memory between the threads that log and the disk, in bytes.</summary>
    public required long BufferedBytes { get; init; }

    /// <summary>Records that were lost and whose loss is not yet told to the index.</summary>
    public required long LostRecords { get; init; }

    /// <summary>Bytes that the last start cut off: torn by a crash and never acknowledged, or changed on disk.</summary>
    public required long CutBytes { get; init; }

    /// <summary>Records whose bytes changed on disk after they were written.</summary>
    public required long CorruptRecords { get; init; }

    /// <summary>Why the disk refuses; null: it does not.</summary>
    public required string? Fault { get; init; }
}
