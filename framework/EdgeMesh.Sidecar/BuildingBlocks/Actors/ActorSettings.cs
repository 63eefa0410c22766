namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>How an app wants one of its actor types to be run; the defaults are daprd's.</summary>
internal sealed record ActorSettings
{
    public static readonly ActorSettings Default = new();

    /// <summary>An actor that was not called for so long is deactivated.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromMinutes(60);

    /// <summary>How long a call may go on when its actor moves or the sidecar stops.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Whether a move waits for calls under way at all.</summary>
    public bool DrainMoved { get; init; } = true;

    /// <summary>Whether a chain of calls may come back to an actor that waits for it.</summary>
    public bool Reentrant { get; init; }

    /// <summary>How many calls of one chain an actor holds at a time.</summary>
    public int MaxStackDepth { get; init; } = 32;
}
