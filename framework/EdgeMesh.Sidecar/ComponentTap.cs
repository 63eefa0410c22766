namespace EdgeMesh.Sidecar;

/// <summary>Stands between the sidecar and its components, for tests: sees each call, and passes it on, late, twice, or not at all. Without
/// one the sidecar calls its components directly.</summary>
/// <param name="call">What is about to happen.</param>
/// <param name="next">Does it. May be called later than the tap returns, more than once, or never: what was not done looks done to the app,
/// and reads find nothing.</param>
/// <param name="cancellation">The caller does not wait any longer.</param>
public delegate Task ComponentTap(ComponentCall call, Func<Task> next, CancellationToken cancellation);

/// <summary>A call of a component.</summary>
/// <param name="Kind">What it does.</param>
/// <param name="Component">The component's name.</param>
/// <param name="Name">A topic, or a key with its prefix (<c>app||key</c>).</param>
/// <param name="Data">The message or the value; empty for reads and deletions.</param>
public sealed record ComponentCall(ComponentCallKind Kind, string Component, string Name, ReadOnlyMemory<byte> Data);

/// <summary>What a call of a component does.</summary>
public enum ComponentCallKind
{
    /// <summary>Reads a key.</summary>
    StateRead,

    /// <summary>Writes a key, alone or in a transaction.</summary>
    StateWrite,

    /// <summary>Deletes a key, alone or in a transaction.</summary>
    StateDelete,

    /// <summary>Hands a message to a broker.</summary>
    Publish,
}
