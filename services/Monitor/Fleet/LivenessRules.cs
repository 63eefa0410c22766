namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>When a site counts as what. A site *falls* when it stops being Live. One that fell <see cref="FlapFalls"/> times within
/// <see cref="FlapWindow"/> is *flapping*: it must then report for <see cref="SteadyFor"/> without a gap before it is called Live again, and
/// is Stale meanwhile. So a bad link makes a few changes and not hundreds, and damping never calls a silent site anything better.</summary>
internal sealed record LivenessRules
{
    /// <summary>Silence after which a Live site is Stale. Three reports of the usual interval.</summary>
    public TimeSpan StaleAfter { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Silence after which any site is Offline.</summary>
    public TimeSpan OfflineAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a fall is remembered.</summary>
    public TimeSpan FlapWindow { get; init; } = TimeSpan.FromMinutes(30);

    /// <summary>So many remembered falls are flapping.</summary>
    public int FlapFalls { get; init; } = 3;

    /// <summary>How long a flapping site must report without a gap to be Live.</summary>
    public TimeSpan SteadyFor { get; init; } = TimeSpan.FromMinutes(5);
}
