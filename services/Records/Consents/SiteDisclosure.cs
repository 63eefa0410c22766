using System.Collections.Immutable;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Records.Resources;

namespace EdgeMesh.Services.Records.Consents;

/// <summary>The site stage: what another organisation may hold or see of a resource that this site owns. Silence of all consents is no
/// permit; what is about no patient (practitioners, places) is for every site of the mesh.</summary>
internal static class SiteDisclosure
{
    /// <summary>The rule for what is about no patient.</summary>
    public const string NotPersonal = "site#not-personal";

    /// <summary>What a site may hold is held for treatment; other purposes are decided when they are asked for.</summary>
    public const string HoldingPurpose = "TREAT";

    /// <summary>The reference of the rule that permits; null: not permitted. Every patient of a resource must permit.</summary>
    public static string? Permits(
        ResourceFacts facts, string resourceType, SiteEntry peer, string purpose, DateTimeOffset now, Func<string, ImmutableArray<ConsentDirective>> directives)
    {
        if (facts.Patients.IsEmpty)
        {
            return NotPersonal;
        }

        string? reference = null;
        foreach (var patient in facts.Patients)
        {
            var request = new DisclosureRequest(peer.Organization, purpose, resourceType, facts.Labels, now);
            var verdict = ConsentEvaluator.Evaluate(directives(patient), request);
            if (verdict.Effect != Effect.Permit)
            {
                return null;
            }

            reference ??= verdict.Reference;
        }

        return reference;
    }
}
