using EdgeMesh.Ledger;

namespace EdgeMesh.Services.Ledger.Hosting;

/// <summary>The ledger and the witness of this site, once their keys were read.</summary>
/// <param name="Key">Verifies what signs this site's log.</param>
/// <param name="Sequencer">Its writer.</param>
/// <param name="Reader">Its public side.</param>
/// <param name="Cosignatures">What other sites' witnesses signed of it.</param>
/// <param name="Witness">Cosigns other sites' logs.</param>
internal sealed record OpenLedger(VerifierKey Key, Sequencer Sequencer, LedgerReader Reader, Cosignatures Cosignatures, Witness Witness);
