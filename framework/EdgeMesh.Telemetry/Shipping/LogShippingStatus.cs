namespace EdgeMesh.Telemetry;

/// <summary>What the shipper does at the moment.</summary>
public enum LogShippingState
{
    /// <summary>Has not yet reached the index.</summary>
    Starting,

    /// <summary>Everything is delivered.</summary>
    Idle,

    /// <summary>Sends.</summary>
    Draining,

    /// <summary>The index is away or busy: tries again by itself.</summary>
    Waiting,

    /// <summary>Only an operator can help. Records are kept, and it tries again now and then.</summary>
    Held,
}

/// <summary>How shipping is doing.</summary>
public sealed record LogShippingStatus
{
    /// <summary>What it does.</summary>
    public LogShippingState State { get; init; }

    /// <summary>Why it waits or is held, for an operator.</summary>
    public string? Reason { get; init; }

    /// <summary>When it last had an answer that took records.</summary>
    public DateTimeOffset? LastDelivery { get; init; }

    /// <summary>Records that the index took.</summary>
    public long Delivered { get; init; }

    /// <summary>Records that the index had already: sent before an answer was lost.</summary>
    public long AlreadyThere { get; init; }

    /// <summary>Records that the index put into its failure store.</summary>
    public long Quarantined { get; init; }

    /// <summary>Records that the index refused for good; see the file of dead letters beside the spool.</summary>
    public long DeadLettered { get; init; }

    /// <summary>How far the index's clock is ahead of this machine's.</summary>
    public TimeSpan ClockOffset { get; init; }
}
