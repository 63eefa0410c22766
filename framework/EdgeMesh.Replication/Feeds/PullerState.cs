namespace EdgeMesh.Replication;

/// <summary>Where a puller stands.</summary>
/// <param name="Journal">What it pulls.</param>
/// <param name="Position">How far it has applied.</param>
/// <param name="AtHead">Whether nothing more was there when it asked last.</param>
/// <param name="Failure">Why the last attempt failed; null when it did not.</param>
internal sealed record PullerState(string Journal, string Position, bool AtHead, string? Failure);
