namespace EdgeMesh.Replication;

/// <summary>How a puller works.</summary>
public sealed record PullerOptions
{
    /// <summary>How long the other site holds a request while there is nothing new; must be below the HTTP client's time limit. Zero: it
    /// answers at once. Access journals are never waited for: reading wakes nobody.</summary>
    public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The pause after an answer without anything new that came at once.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The pause after a first failure; it doubles up to 64 times, with jitter.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(250);
}
