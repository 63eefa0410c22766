using EdgeMesh.Ledger;

namespace EdgeMesh.Services.Ledger.Hosting;

/// <summary>The ledger, once its key was read.</summary>
internal sealed record OpenLedger(LedgerKey Key, Sequencer Sequencer, LedgerReader Reader);
