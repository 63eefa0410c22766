using System.Collections.Immutable;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>What a site that is no core remembers of the fleet, so that a restart while it is cut off still shows it, and says how old it is.</summary>
/// <param name="News">What a core said last.</param>
/// <param name="Cores">Its own dead-man's switches, on the cores.</param>
/// <param name="Changes">What became of the others, by the core's word, oldest first.</param>
internal sealed record FleetMemory(FleetNews? News, ImmutableArray<SiteRecord> Cores, ImmutableArray<LivenessChange> Changes);
