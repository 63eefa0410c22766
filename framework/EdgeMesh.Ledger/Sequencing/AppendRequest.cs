namespace EdgeMesh.Ledger;

/// <summary>Entries to append, all or none, one after the other.</summary>
/// <param name="Entries">At least one; each 1 to 65,535 bytes.</param>
/// <param name="Producer">Who sends them; null: everything sent is a new entry.</param>
/// <param name="Sequence">The producer's number of the first entry; the others count on.</param>
public sealed record AppendRequest(IReadOnlyList<ReadOnlyMemory<byte>> Entries, string? Producer = null, long Sequence = 0);

/// <summary>What became of an append.</summary>
public enum AppendOutcome
{
    /// <summary>The entries are logged, published and durable.</summary>
    Appended,

    /// <summary>They were already. <see cref="AppendResult.Count"/> may be less than was sent: send the rest.</summary>
    Known,

    /// <summary>The sequence is an old one whose index is no longer known.</summary>
    SequenceForgotten,

    /// <summary>The ledger has as many producers as it takes.</summary>
    TooManyProducers,

    /// <summary>More, or longer, entries than fit one batch; or an empty one; or a bad producer.</summary>
    Refused,

    /// <summary>The queue is full: later.</summary>
    Busy,

    /// <summary>The ledger can't write now. What was sent may be logged or not: send it again with the same sequence.</summary>
    Unavailable,
}

/// <summary>The answer to an append.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="First">The first entry's index.</param>
/// <param name="Count">How many entries of the request are logged, from the first on.</param>
/// <param name="Reason">Why not, for people.</param>
public sealed record AppendResult(AppendOutcome Outcome, long First = 0, int Count = 0, string? Reason = null)
{
    /// <summary>Whether entries are logged.</summary>
    public bool IsLogged => Outcome is AppendOutcome.Appended or AppendOutcome.Known;
}
