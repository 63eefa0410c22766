using System.Collections.Immutable;

namespace EdgeMesh.Ledger;

/// <summary>What does not hold.</summary>
public enum LedgerFaultKind
{
    /// <summary>The checkpoint is malformed, or not signed by the log's key, or not that of the tiles.</summary>
    Checkpoint,

    /// <summary>A tile is not what the checkpoint commits to.</summary>
    Tile,

    /// <summary>An entry is not what the checkpoint commits to.</summary>
    Entry,

    /// <summary>The log does not begin with what other sites cosigned.</summary>
    Rewritten,

    /// <summary>A file is not there.</summary>
    Missing,

    /// <summary>A file can't be read.</summary>
    Unreadable,
}

/// <summary>The first thing in a log that does not hold.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Path">The file.</param>
/// <param name="Entry">The first entry that it concerns; null when it concerns all.</param>
/// <param name="Message">For people.</param>
public sealed record LedgerFault(LedgerFaultKind Kind, string Path, long? Entry, string Message);

/// <summary>What a verification found.</summary>
/// <param name="Checkpoint">The signed checkpoint; null when there is none.</param>
/// <param name="Entries">How many entries hold, from the first on.</param>
/// <param name="Fault">Null: everything holds.</param>
public sealed record VerifyResult(Checkpoint? Checkpoint, long Entries, LedgerFault? Fault)
{
    /// <summary>Whether every entry, every tile and the checkpoint hold.</summary>
    public bool Holds => Fault is null;

    /// <summary>The newest checkpoint that witnesses cosigned, with which the log begins; null: none that was asked for did, or it was not reached.</summary>
    public WitnessedCheckpoint? Cosigned { get; init; }
}

/// <summary>A checkpoint that witnesses cosigned.</summary>
/// <param name="Size">How many entries it covers.</param>
/// <param name="Witnesses">Whose cosignatures hold.</param>
public sealed record WitnessedCheckpoint(long Size, ImmutableArray<WitnessSignature> Witnesses);

/// <summary>A witness that cosigned.</summary>
/// <param name="Name">The name of its key.</param>
/// <param name="Time">When, by its own word.</param>
public readonly record struct WitnessSignature(string Name, DateTimeOffset Time);

/// <summary>How far a verification or export is.</summary>
/// <param name="Done">Entries, or files.</param>
/// <param name="Total">Of how many.</param>
public readonly record struct LedgerProgress(long Done, long Total);
