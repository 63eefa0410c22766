using Dapr.Actors;

namespace EdgeMesh.Services.Functions.Rollouts;

/// <summary>A function's rollout at this site, as an actor (type <c>Rollout</c>, the id is the function's name). Each returns when what it
/// decided is on disk, and holds for the next call of the function.</summary>
public interface IRollout : IActor
{
    /// <summary>Takes every step that is due, and sets the reminder for the next.</summary>
    Task LookAsync();

    /// <summary>The site keeps what it runs.</summary>
    /// <param name="by">Who says so.</param>
    Task HoldAsync(string by);

    /// <summary>The site takes what is deployed, also what was deployed meanwhile.</summary>
    /// <param name="by">Who says so.</param>
    Task ReleaseAsync(string by);

    /// <summary>The canary does not end by time.</summary>
    /// <param name="by">Who says so.</param>
    Task PauseAsync(string by);

    /// <summary>The canary's time begins anew.</summary>
    /// <param name="by">Who says so.</param>
    Task ResumeAsync(string by);
}
