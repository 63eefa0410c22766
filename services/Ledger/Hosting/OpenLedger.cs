using EdgeMesh.Ledger;

namespace EdgeMesh.Services.Ledger.Hosting;

/// <summary>The ledger, once its key was read.</summary>
internal sealed record OpenLedger(Sequencer Sequencer, LedgerReader Reader);
