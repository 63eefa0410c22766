namespace EdgeMesh.Ledger;

/// <summary>What a sequencer is doing.</summary>
public enum SequencerPhase
{
    /// <summary>It loads the log.</summary>
    Loading,

    /// <summary>It takes entries.</summary>
    Ready,

    /// <summary>It found something that must never be, and signs nothing until it is mended and restarted.</summary>
    Halted,
}

/// <summary>What a sequencer is doing, and why.</summary>
/// <param name="Phase">What.</param>
/// <param name="Reason">Why it takes no entries, for people; null when it does.</param>
public sealed record SequencerStatus(SequencerPhase Phase, string? Reason);
