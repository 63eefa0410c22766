using System.Runtime.CompilerServices;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Records.Consents;

/// <summary>Decides who may do what: scope ∩ role before the store is looked at, then each resource by itself: scope ∩ consent. The site
/// stage is the owner's (for a copy it was decided when the copy was sent, and its rule came with it); the user stage is decided here.</summary>
internal sealed class AccessDecider(SiteIdentity identity, MeshDirectory directory, ConsentIndex consents, ConsentFreshness freshness, TimeProvider clock)
{
    private static readonly Decision Local = new(AccessEffect.Permit, "local:role");
    private static readonly Decision Own = new(AccessEffect.Permit, "local:own-record");
    private static readonly Decision PeerWrites = new(AccessEffect.Refuse, "refused:peer-writes");
    private static readonly Decision NoScope = new(AccessEffect.Refuse, "refused:scope");
    private static readonly Decision NoRole = new(AccessEffect.Refuse, "refused:role");
    private static readonly Decision OtherSite = new(AccessEffect.Hide, "hidden:other-site");
    private static readonly Decision Stale = new(AccessEffect.Hide, "hidden:consent-stale");
    private static readonly Decision OutsideTerms = new(AccessEffect.Hide, "hidden:outside-terms");
    private static readonly Decision NoConsent = new(AccessEffect.Hide, "hidden:no-consent");
    public static readonly Decision OutsideScope = new(AccessEffect.Hide, "hidden:outside-scope");
    private static readonly Decision OtherPatient = new(AccessEffect.Hide, "hidden:other-patient");

    // A caller's object lives as long as its token; its scopes are read once.
    private readonly ConditionalWeakTable<Caller, SmartScope[]> _scopes = new();

    /// <summary>Decides on a request before the store is looked at: <see cref="AccessEffect.Permit"/> or <see cref="AccessEffect.Refuse"/>.</summary>
    public Decision Admit(Caller caller, Interaction interaction, string resourceType)
    {
        if (AdmitFrom(caller, interaction) is { Permits: false } peer)
        {
            return peer;
        }

        if (!Roles(caller, interaction))
        {
            return NoRole;
        }

        var action = ActionOf(interaction);
        return Scopes(caller).Any(s => s.Covers(resourceType, action)) ? Local : NoScope;
    }

    /// <summary>Whether an interaction may come from where it comes: a site alone writes what it owns, so other sites bring reads only.
    /// A permit is the patient's word on reading; with writing, who may read could make itself a consent to read the rest.</summary>
    public static Decision AdmitFrom(Caller caller, Interaction interaction) =>
        caller.ForwardedBy is null || interaction.IsRead() ? Local : PeerWrites;

    /// <summary>Decides on one resource, before any byte of it leaves.</summary>
    public Decision Decide(Caller caller, in AccessRequest request)
    {
        if (caller.Kind != CallerKind.User)
        {
            return OtherSite;
        }

        if (!Covered(caller, request, out var patientOnly))
        {
            return OutsideScope;
        }

        if (caller.Patient is not { } patient || !(patientOnly || caller.Roles.Contains("patient")))
        {
            return patientOnly ? OutsideScope : Disclose(caller, request);
        }

        return request.Patients.IsEmpty ? Disclose(caller, request)
            : !request.Patients.Contains(patient) ? OtherPatient
            : request.OwnerSite == identity.Site && caller.ForwardedBy is null ? Own
            : Disclose(caller, request);
    }

    /// <summary>What the consents say: to the site's own people all that no consent denies them by name, to others only what one permits.</summary>
    private Decision Disclose(Caller caller, in AccessRequest request)
    {
        if (caller.ForwardedBy is { } peer)
        {
            return request.OwnerSite == identity.Site && directory.Find(peer) is { } site ? ToPeer(caller, site, request) : OtherSite;
        }

        if (request.OwnerSite != identity.Site)
        {
            return request.HeldUnder is { } terms ? OfCopy(caller, request.OwnerSite, HoldingTerms.Parse(terms)) : OtherSite;
        }

        foreach (var patient in request.Patients)
        {
            var disclosure = new DisclosureRequest(directory.This.Organization, caller.Purpose, request.ResourceType, request.Labels, clock.GetUtcNow());
            if (ConsentEvaluator.EvaluateNamed(consents.For(patient), disclosure) is { Effect: Effect.Deny, Reference: { } denial })
            {
                return new Decision(AccessEffect.Hide, denial);
            }
        }

        return Local;
    }

    /// <summary>A copy is read on the owner's word, which holds for its terms, and while nothing newer can have been said for long.</summary>
    private Decision OfCopy(Caller caller, string owner, HoldingTerms terms) =>
        terms.IsPersonal && !freshness.IsFresh(owner) ? Stale
        : !terms.Allow(caller.Purpose, clock.GetUtcNow()) ? OutsideTerms
        : new Decision(AccessEffect.Permit, terms.Reference);

    private Decision ToPeer(Caller caller, SiteEntry peer, in AccessRequest request)
    {
        var facts = new Resources.ResourceFacts(request.Patients, request.Labels);
        return SiteDisclosure.Permits(facts, request.ResourceType, peer, caller.Purpose, clock.GetUtcNow(), consents.For) is { } reference
            ? new Decision(AccessEffect.Permit, reference)
            : NoConsent;
    }

    private bool Covered(Caller caller, in AccessRequest request, out bool patientOnly)
    {
        var (covered, action) = (false, ActionOf(request.Interaction));
        patientOnly = true;
        foreach (var scope in Scopes(caller))
        {
            if (!scope.Covers(request.ResourceType, action) || (scope.Query is { } query && request.Matches?.Invoke(query) != true))
            {
                continue;
            }

            covered = true;
            patientOnly &= scope.Context == "patient";
        }

        return covered;
    }

    private static bool Roles(Caller caller, Interaction interaction) => interaction switch
    {
        Interaction.Create or Interaction.Update => caller.Roles.Any(r => r is "practitioner" or "patient" or "loader" or "admin"),
        Interaction.Delete => caller.Roles.Any(r => r is "practitioner" or "admin"),
        _ => caller.Roles.Any(r => r is "practitioner" or "patient" or "loader" or "admin"),
    };

    private static ScopeActions ActionOf(Interaction interaction) => interaction switch
    {
        Interaction.Create => ScopeActions.Create,
        Interaction.Update => ScopeActions.Update,
        Interaction.Delete => ScopeActions.Delete,
        Interaction.Search => ScopeActions.Search,
        _ => ScopeActions.Read,
    };

    private SmartScope[] Scopes(Caller caller) => _scopes.GetValue(caller, static c =>
        [.. c.Scopes.Select(text => SmartScope.TryParse(text, out var scope) ? scope : null).OfType<SmartScope>()]);
}
