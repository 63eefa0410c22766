using System.Collections.Immutable;
using System.Globalization;
using Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Consents;

/// <summary>Reads a FHIR R4 Consent into what decides. A provision that constrains by something this reader does not know (an
/// unknown actor reference, data named one by one, a code) could permit too much if it were dropped: such a permit is read as
/// matching nobody, such a deny as matching everything its known parts match.</summary>
internal static class ConsentReader
{
    private const string OptOut = "OPTOUT";

    /// <summary>Null when the consent does not decide: not active, or without a patient.</summary>
    public static ConsentDirective? Read(Consent consent, string version)
    {
        if (consent.Status != Consent.ConsentState.Active || PatientId(consent.Patient) is not { } patient)
        {
            return null;
        }

        var root = consent.Provision ?? new Consent.provisionComponent();
        return new ConsentDirective(consent.Id!, version, patient, ReadRule(root, "provision", RootEffect(consent)));
    }

    /// <summary>R4 leaves the root's type open and states the base by the policy rule; IHE PCF states it in the root.</summary>
    private static Effect RootEffect(Consent consent) =>
        consent.Provision?.Type switch
        {
            Consent.ConsentProvisionType.Permit => Effect.Permit,
            Consent.ConsentProvisionType.Deny => Effect.Deny,
            _ => consent.PolicyRule?.Coding.Any(c => c.Code == OptOut) is false ? Effect.Permit : Effect.Deny,
        };

    private static ConsentRule ReadRule(Consent.provisionComponent provision, string path, Effect effect)
    {
        var organizations = provision.Actor.Select(a => OrganizationOf(a.Reference)).ToImmutableArray();
        var named = organizations.OfType<string>().ToImmutableArray();
        var unknown = organizations.Length != named.Length || provision.Data.Count > 0 || provision.Code.Count > 0 || provision.Action.Count > 0 && !Discloses(provision.Action);
        return new ConsentRule(path, effect)
        {
            Organizations = unknown && effect == Effect.Permit && named.IsEmpty ? [""] : named,
            Purposes = Codes(provision.Purpose),
            Labels = Codes(provision.SecurityLabel),
            Types = unknown && effect == Effect.Permit ? ["\0"] : [.. provision.Class.Select(c => TypeName(c.Code)).OfType<string>()],
            Period = ReadPeriod(provision.Period),
            Exceptions = [.. provision.Provision.Select((p, i) => ReadRule(
                p, string.Create(CultureInfo.InvariantCulture, $"{path}.provision[{i}]"),
                p.Type == Consent.ConsentProvisionType.Permit ? Effect.Permit : Effect.Deny))],
        };
    }

    private static bool Discloses(List<CodeableConcept> actions) =>
        actions.SelectMany(a => a.Coding).Any(c => c.Code is "access" or "disclose" or "use");

    private static ImmutableArray<string> Codes(List<Coding> codings) => [.. codings.Select(c => c.Code).OfType<string>()];

    /// <summary><c>Consent.provision.class</c> holds a type name or the canonical URL of a resource's definition.</summary>
    private static string? TypeName(string? code) => code?[(code.LastIndexOf('/') + 1)..];

    private static Period ReadPeriod(Hl7.Fhir.Model.Period? period) =>
        new(period?.StartElement?.ToDateTimeOffset(TimeSpan.Zero), period?.EndElement?.ToDateTimeOffset(TimeSpan.Zero));

    /// <summary>A site's organisation, by identifier or by <c>Organization/{name}</c>.</summary>
    private static string? OrganizationOf(ResourceReference? actor) =>
        actor?.Identifier?.Value
        ?? (actor?.Reference is { } reference && reference.StartsWith("Organization/", StringComparison.Ordinal) ? reference["Organization/".Length..] : null);

    private static string? PatientId(ResourceReference? patient) =>
        patient?.Reference is { } reference && reference.StartsWith("Patient/", StringComparison.Ordinal) ? reference["Patient/".Length..] : null;
}
