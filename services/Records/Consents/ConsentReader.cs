using System.Collections.Immutable;
using System.Globalization;
using EdgeMesh.Services.Records.Indexing;
using Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Consents;

/// <summary>Reads a FHIR R4 Consent into what decides. What a provision constrains by and this reader does not know (an unknown actor, an
/// uncoded purpose, data named one by one, a period of the data) must not widen what it permits nor narrow what it denies: of a permit an
/// unknown part matches nobody, of a deny everybody.</summary>
internal static class ConsentReader
{
    private const string PrivacyScope = "patient-privacy";
    private const string OptIn = "OPTIN";

    /// <summary>Null when the consent does not decide: not active, not about privacy, or without a patient.</summary>
    public static ConsentDirective? Read(Consent consent, string version)
    {
        if (consent.Status != Consent.ConsentState.Active || !Codes(consent.Scope).Contains(PrivacyScope) || PatientId(consent.Patient) is not { } patient)
        {
            return null;
        }

        var root = consent.Provision ?? new Consent.provisionComponent();
        return new ConsentDirective(consent.Id!, version, patient, ReadRule(root, "provision", RootEffect(consent)));
    }

    /// <summary>R4 leaves the root's type open and states the base by the policy rule; IHE PCF states it in the root. A policy to opt in
    /// says that permits may follow, and is none itself.</summary>
    private static Effect RootEffect(Consent consent) =>
        consent.Provision?.Type switch
        {
            Consent.ConsentProvisionType.Permit => Effect.Permit,
            Consent.ConsentProvisionType.Deny => Effect.Deny,
            _ => Codes(consent.PolicyRule).Contains(OptIn) ? Effect.Silent : Effect.Deny,
        };

    private static ConsentRule ReadRule(Consent.provisionComponent provision, string path, Effect effect)
    {
        var isPeriodKnown = TryReadPeriod(provision.Period, out var period);
        var isKnown = isPeriodKnown && provision.DataPeriod is null && provision.Data.Count == 0 && provision.Code.Count == 0
            && provision.ModifierExtension.Count == 0 && (provision.Action.Count == 0 || provision.Action.SelectMany(Codes).Any(Discloses));
        var organizations = Part(effect, provision.Actor.Select(a => OrganizationOf(a.Reference)));
        return new ConsentRule(path, effect)
        {
            Organizations = organizations.Values,
            MatchesAnyOrganization = organizations.MatchesAll,
            Purposes = Part(effect, provision.Purpose.Select(p => p.Code)).Constraint,
            Labels = Part(effect, provision.SecurityLabel.Select(l => l.Code)).Constraint,
            Types = Part(effect, provision.Class.Select(c => TypeName(c.Code))).Constraint,
            Period = period,
            MatchesNobody = effect == Effect.Permit && !isKnown,
            Exceptions = [.. provision.Provision.Select((p, i) => ReadRule(
                p, string.Create(CultureInfo.InvariantCulture, $"{path}.provision[{i}]"),
                p.Type == Consent.ConsentProvisionType.Permit ? Effect.Permit : Effect.Deny))],
        };
    }

    /// <summary>One part of a provision, of which any value may match; null stands for a value that is not known.</summary>
    private static KnownPart Part(Effect effect, IEnumerable<string?> values)
    {
        var all = values.ToList();
        ImmutableArray<string> known = [.. all.OfType<string>()];
        return new KnownPart(
            effect == Effect.Permit && known.IsEmpty && all.Count > 0 ? [ConsentRule.Nobody] : known,
            effect != Effect.Permit && known.Length < all.Count);
    }

    private static bool Discloses(string action) => action is "access" or "disclose" or "use";

    private static IEnumerable<string> Codes(CodeableConcept? concept) => concept?.Coding.Select(c => c.Code).OfType<string>() ?? [];

    /// <summary><c>Consent.provision.class</c> holds a type name or the canonical URL of a resource's definition; other classes (of CDA
    /// documents, say) are not known here.</summary>
    private static string? TypeName(string? code) =>
        code?[(code.LastIndexOf('/') + 1)..] is { } name && ModelInfo.IsKnownResource(name) ? name : null;

    /// <summary>Both ends are included, for as long as they are written: an end in 2024 is the last moment of that year.</summary>
    private static bool TryReadPeriod(Hl7.Fhir.Model.Period? period, out Period known)
    {
        known = default;
        DateSpan start = default, end = default;
        if ((period?.Start is not null && !DateSpan.TryParse(period.Start, out start)) || (period?.End is not null && !DateSpan.TryParse(period.End, out end)))
        {
            return false;
        }

        known = new Period(
            period?.Start is null ? null : new DateTimeOffset(start.From, TimeSpan.Zero),
            period?.End is null ? null : new DateTimeOffset(end.Until - 1, TimeSpan.Zero));
        return true;
    }

    /// <summary>A site's organisation, by identifier or by <c>Organization/{name}</c>.</summary>
    private static string? OrganizationOf(ResourceReference? actor) =>
        actor?.Identifier?.Value
        ?? (actor?.Reference is { } reference && reference.StartsWith("Organization/", StringComparison.Ordinal) ? reference["Organization/".Length..] : null);

    private static string? PatientId(ResourceReference? patient) =>
        patient?.Reference is { } reference && reference.StartsWith("Patient/", StringComparison.Ordinal) ? reference["Patient/".Length..] : null;

    /// <summary>A part that constrains by its values, or, when it can't be read well enough to narrow a deny, not at all.</summary>
    private readonly record struct KnownPart(ImmutableArray<string> Values, bool MatchesAll)
    {
        public ImmutableArray<string> Constraint => MatchesAll ? [] : Values;
    }
}
