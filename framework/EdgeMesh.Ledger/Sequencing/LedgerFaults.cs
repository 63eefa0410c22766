namespace EdgeMesh.Ledger;

/// <summary>Something that must never be: the ledger stops signing until somebody has looked.</summary>
internal sealed class LedgerHaltedException(string reason) : Exception(reason);

/// <summary>Another sequencer moved the head: this one knows an old log, and must load it anew.</summary>
internal sealed class LedgerFencedException() : Exception("Another sequencer moved the ledger's head; the log is loaded anew.");
