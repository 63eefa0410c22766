namespace EdgeMesh.Services.Monitor.Store;

/// <summary>How the store is.</summary>
/// <param name="Bytes">What it holds on disk.</param>
/// <param name="Limit">What it may hold.</param>
/// <param name="GivenUp">What retention deleted for want of room, by kind: records that were not yet too old.</param>
/// <param name="Fault">Why the last write failed; null: it did not.</param>
internal sealed record StoreStatus(long Bytes, long Limit, IReadOnlyDictionary<string, long> GivenUp, string? Fault);
