using System.Runtime.CompilerServices;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Records.Consents;

/// <summary>Decides who may do what: scope ∩ role ∩ site, then each resource by itself.</summary>
internal sealed class AccessDecider(SiteIdentity identity)
{
    private static readonly Decision Local = new(AccessEffect.Permit, "local:role");
    private static readonly Decision Own = new(AccessEffect.Permit, "local:own-record");
    private static readonly Decision NoScope = new(AccessEffect.Refuse, "refused:scope");
    private static readonly Decision NoRole = new(AccessEffect.Refuse, "refused:role");
    private static readonly Decision OtherSite = new(AccessEffect.Hide, "hidden:other-site");
    private static readonly Decision OutsideScope = new(AccessEffect.Hide, "hidden:outside-scope");
    private static readonly Decision OtherPatient = new(AccessEffect.Hide, "hidden:other-patient");

    // A caller's object lives as long as its token; its scopes are read once.
    private readonly ConditionalWeakTable<Caller, SmartScope[]> _scopes = new();

    /// <summary>Decides on a request before the store is looked at: <see cref="AccessEffect.Permit"/> or <see cref="AccessEffect.Refuse"/>.</summary>
    public Decision Admit(Caller caller, Interaction interaction, string resourceType)
    {
        if (!Roles(caller, interaction))
        {
            return NoRole;
        }

        var action = ActionOf(interaction);
        return Scopes(caller).Any(s => s.Covers(resourceType, action)) ? Local : NoScope;
    }

    /// <summary>Decides on one resource, before any byte of it leaves.</summary>
    public Decision Decide(Caller caller, in AccessRequest request)
    {
        if (caller.Kind != CallerKind.User || caller.Site != identity.Site || caller.ForwardedBy is not null)
        {
            return OtherSite;
        }

        if (!Covered(caller, request, out var patientOnly))
        {
            return OutsideScope;
        }

        if (caller.Patient is not { } patient || !(patientOnly || caller.Roles.Contains("patient")))
        {
            return patientOnly ? OutsideScope : Local;
        }

        return request.Patients.Contains(patient) || request.Patients.IsEmpty ? Own : OtherPatient;
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
