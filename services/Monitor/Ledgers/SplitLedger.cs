using System.Collections.Immutable;

namespace EdgeMesh.Services.Monitor.Ledgers;

/// <summary>A ledger that showed two histories, by proof that anybody can check.</summary>
/// <param name="Site">Whose ledger.</param>
/// <param name="Log">The log's origin.</param>
/// <param name="Sizes">At which sizes, from the smallest.</param>
internal sealed record SplitLedger(string Site, string Log, ImmutableArray<long> Sizes);
