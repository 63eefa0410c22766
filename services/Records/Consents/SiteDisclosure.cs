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

    /// <summary>Stands for every purpose that no rule names.</summary>
    private const string OtherPurpose = "\0";

    /// <summary>The terms under which a site may hold a resource (<see cref="HoldingTerms"/>); null: it may not.</summary>
    public static string? Holding(
        ResourceFacts facts, string resourceType, SiteEntry peer, DateTimeOffset now, Func<string, ImmutableArray<ConsentDirective>> directives)
    {
        var reference = Permits(facts, resourceType, peer, HoldingPurpose, now, directives);
        if (reference is null or NotPersonal)
        {
            return reference;
        }

        var all = facts.Patients.SelectMany(p => directives(p)).ToList();
        var turns = all.SelectMany(d => d.Turns).Where(t => t > now).Distinct().Order().ToList();
        var until = turns.Where(t => !May(HoldingPurpose, t)).Select(t => (DateTimeOffset?)t).FirstOrDefault();
        List<DateTimeOffset> stretch = [now, .. turns.TakeWhile(t => !(t >= until))];
        var named = all.SelectMany(d => d.Purposes).Append(HoldingPurpose).Distinct(StringComparer.Ordinal).ToLookup(Throughout);
        var others = Throughout(OtherPurpose);
        return new HoldingTerms(reference, others, [.. named[!others].Order(StringComparer.Ordinal)], until).ToString();

        bool May(string purpose, DateTimeOffset moment) => Permits(facts, resourceType, peer, purpose, moment, directives) is not null;

        bool Throughout(string purpose) => stretch.All(t => May(purpose, t));
    }

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
