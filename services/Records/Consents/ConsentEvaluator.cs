using System.Collections.Immutable;

namespace EdgeMesh.Services.Records.Consents;

/// <summary>What somebody wants to see, and who: everything that a consent may ask about.</summary>
/// <param name="Organization">The organisation that asks.</param>
/// <param name="Purpose">The purpose of use.</param>
/// <param name="ResourceType">The resource's type.</param>
/// <param name="Labels">The resource's security labels.</param>
/// <param name="Moment">When.</param>
internal readonly record struct DisclosureRequest(
    string Organization, string Purpose, string ResourceType, ImmutableArray<string> Labels, DateTimeOffset Moment);

/// <summary>What a patient's consents say of a request.</summary>
/// <param name="Effect">Null when no consent speaks of it.</param>
/// <param name="Reference">The consent, its version and the rule that decided; null with <paramref name="Effect"/>.</param>
internal readonly record struct ConsentVerdict(Effect? Effect, string? Reference);

/// <summary>Evaluates a patient's directives. Pure: the moment is part of the request.</summary>
internal static class ConsentEvaluator
{
    /// <summary>A deny of any directive wins over every permit; silence is no permit.</summary>
    public static ConsentVerdict Evaluate(ImmutableArray<ConsentDirective> directives, in DisclosureRequest request)
    {
        var verdict = default(ConsentVerdict);
        foreach (var directive in directives)
        {
            if (Match(directive.Root, request) is not { } rule)
            {
                continue;
            }

            if (rule.Effect == Effect.Deny)
            {
                return new(Effect.Deny, directive.Reference(rule.Path));
            }

            if (verdict.Effect is null)
            {
                verdict = new(Effect.Permit, directive.Reference(rule.Path));
            }
        }

        return verdict;
    }

    /// <summary>What rules say that name the organisation: a patient's rule about others does not shut out those who treat at home.</summary>
    public static ConsentVerdict EvaluateNamed(ImmutableArray<ConsentDirective> directives, in DisclosureRequest request)
    {
        var organization = request.Organization;
        return Evaluate(directives.RemoveAll(d => !Names(d.Root, organization)), request);
    }

    private static bool Names(ConsentRule rule, string organization) =>
        rule.Organizations.Contains(organization, StringComparer.Ordinal) || rule.Exceptions.Any(e => Names(e, organization));

    /// <summary>The deepest matching rule; among the exceptions of one parent a deny wins.</summary>
    private static ConsentRule? Match(ConsentRule rule, in DisclosureRequest request)
    {
        if (!Applies(rule, request))
        {
            return null;
        }

        ConsentRule? exception = null;
        foreach (var candidate in rule.Exceptions)
        {
            if (Match(candidate, request) is { } match && (exception is null || match.Effect == Effect.Deny))
            {
                exception = match;
            }
        }

        return exception ?? (rule.Effect == Effect.Silent ? null : rule);
    }

    private static bool Applies(ConsentRule rule, in DisclosureRequest request) =>
        !rule.MatchesNobody
        && (rule.MatchesAnyOrganization || Allows(rule.Organizations, request.Organization))
        && Allows(rule.Purposes, request.Purpose)
        && Allows(rule.Types, request.ResourceType)
        && (rule.Labels.IsEmpty || request.Labels.Any(rule.Labels.Contains))
        && rule.Period.Contains(request.Moment);

    private static bool Allows(ImmutableArray<string> named, string value) => named.IsEmpty || named.Contains(value, StringComparer.Ordinal);
}
