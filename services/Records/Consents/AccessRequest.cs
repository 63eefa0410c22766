using System.Collections.Immutable;

namespace EdgeMesh.Services.Records.Consents;

/// <summary>What a caller wants with one resource.</summary>
/// <param name="Interaction">What.</param>
/// <param name="ResourceType">The resource's type.</param>
/// <param name="Id">Its id; null for one that is being made.</param>
/// <param name="Patients">The patients it is about; empty for the site's own.</param>
/// <param name="Labels">Its security labels.</param>
/// <param name="OwnerSite">The site that owns it.</param>
internal readonly record struct AccessRequest(
    Interaction Interaction, string ResourceType, string? Id, ImmutableArray<string> Patients, ImmutableArray<string> Labels, string OwnerSite)
{
    /// <summary>For a copy of another site's: the terms under which it is held here (<see cref="HoldingTerms"/>).</summary>
    public string? HeldUnder { get; init; }

    /// <summary>Whether the resource matches a search query; asked for scopes that are narrowed by one.</summary>
    public Func<string, bool>? Matches { get; init; }
}
