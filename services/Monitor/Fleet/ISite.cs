using Dapr.Actors;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>A site of the fleet, as an actor of the core's monitor (type <c>Site</c>, the id is the site's name).</summary>
public interface ISite : IActor
{
    /// <summary>Takes a report. Returns when it is on disk.</summary>
    /// <param name="report">A <see cref="SiteReport"/> as JSON.</param>
    Task HearAsync(string report);

    /// <summary>The core's monitor has started: silence counts from now, and the dead-man's timer is registered again.</summary>
    Task WatchAsync();
}
