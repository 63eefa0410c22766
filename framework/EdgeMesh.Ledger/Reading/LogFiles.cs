namespace EdgeMesh.Ledger;

/// <summary>The public files of a log.</summary>
public static class LogFiles
{
    /// <summary>The path of the checkpoint.</summary>
    public const string Checkpoint = "checkpoint";

    /// <summary>The path of the newest checkpoint that a witness cosigned: not of tlog-tiles, and the same form as the checkpoint.</summary>
    public const string Cosigned = "cosigned";

    /// <summary>The longest file that is read: a bundle of the longest entries.</summary>
    public const int MaxLength = TilePath.FullWidth * (2 + EntryBundle.MaxEntry);
}
