using System.Collections.Immutable;
using EdgeMesh.Keyring;

namespace EdgeMesh.Services.Records.Resources;

/// <summary>What an access decision needs to know of a resource. Kept in front of the resource inside its sealed body, so every version,
/// old ones too, can be decided on without the FHIR model.</summary>
/// <param name="Patients">The ids of the patients it is about, the one it is sealed for first; empty for the site's own (practitioners, places).</param>
/// <param name="Labels">Its security labels.</param>
internal sealed record ResourceFacts(ImmutableArray<string> Patients, ImmutableArray<string> Labels)
{
    private const string Site = "site";

    public static readonly ResourceFacts None = new([], []);

    /// <summary>Whose data key seals the body.</summary>
    public KeyScope KeyScope => new(Patients.IsEmpty ? Site : $"Patient/{Patients[0]}", SecurityLabels.Class(Labels));
}
