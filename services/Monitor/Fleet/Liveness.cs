namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>What is known of a site by its reports.</summary>
internal enum Liveness
{
    /// <summary>It has never reported here.</summary>
    Unseen,

    /// <summary>It reports.</summary>
    Live,

    /// <summary>A few reports are missing, or it comes and goes (<see cref="LivenessRules"/>).</summary>
    Stale,

    /// <summary>It is silent for long.</summary>
    Offline,
}

/// <summary>A site was one thing and is another.</summary>
/// <param name="Site">Its name.</param>
/// <param name="From">What it was.</param>
/// <param name="To">What it is.</param>
/// <param name="At">When: for a silence, when it became too long, whenever that was noticed.</param>
internal sealed record LivenessChange(string Site, Liveness From, Liveness To, DateTimeOffset At);
