using EdgeMesh.Keyring;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Records.Store;

/// <summary>Where journals and keys are kept: behind Dapr, or in memory for tests of the service alone.</summary>
/// <param name="Journals">Rows and bodies.</param>
/// <param name="Keys">Wrapped data keys.</param>
internal sealed record RecordsBacking(IJournalStore Journals, IKeyStore Keys);
