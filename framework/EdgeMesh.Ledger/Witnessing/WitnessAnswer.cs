namespace EdgeMesh.Ledger;

/// <summary>What became of a request to a witness; each is the HTTP status of C2SP tlog-witness.</summary>
public enum WitnessOutcome
{
    /// <summary>It cosigned, and will not forget that it did.</summary>
    Cosigned = 200,

    /// <summary>The request can't be read, or its old size is above the checkpoint's.</summary>
    Malformed = 400,

    /// <summary>The key that the witness knows for this log did not sign.</summary>
    NotSigned = 403,

    /// <summary>The witness knows no log of this origin.</summary>
    UnknownLog = 404,

    /// <summary>The old size is not that of the checkpoint that it cosigned last.</summary>
    OtherSize = 409,

    /// <summary>The checkpoint is not what it cosigned last, grown; or the log once showed two histories.</summary>
    NotItsGrowth = 422,
}

/// <summary>A witness's answer.</summary>
/// <param name="Outcome">What became of the request.</param>
/// <param name="Log">What the witness keeps of the log: with <see cref="WitnessOutcome.OtherSize"/> its checkpoint says the size; null: nothing.</param>
/// <param name="Cosignature">With <see cref="WitnessOutcome.Cosigned"/>.</param>
/// <param name="IsSplitView">Whether this request was the proof that the log shows two histories, seen for the first time.</param>
public sealed record WitnessAnswer(WitnessOutcome Outcome, WitnessedLog? Log = null, NoteSignature? Cosignature = null, bool IsSplitView = false);
