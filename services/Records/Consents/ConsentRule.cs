using System.Collections.Immutable;

namespace EdgeMesh.Services.Records.Consents;

/// <summary>What a provision does to the requests that it matches.</summary>
internal enum Effect
{
    Permit,
    Deny,

    /// <summary>Decides nothing by itself; its exceptions do.</summary>
    Silent,
}

/// <summary>One provision of a Consent, reduced to what decides. An empty list constrains nothing. Nested rules are exceptions to
/// their parent (FHIR R4 <c>Consent.provision</c>, IHE PCF 1.1).</summary>
internal sealed record ConsentRule(string Path, Effect Effect)
{
    /// <summary>A value that no request has.</summary>
    public const string Nobody = "\0";

    /// <summary>Organisation identifiers (a site's <c>organization</c>) that the provision names.</summary>
    public ImmutableArray<string> Organizations { get; init; } = [];

    /// <summary>Whether the rule is about others too than it could name, so about everybody.</summary>
    public bool MatchesAnyOrganization { get; init; }

    /// <summary>Whether the rule constrains by something unknown, so that it applies to no request.</summary>
    public bool MatchesNobody { get; init; }

    /// <summary>Purposes of use, such as <c>TREAT</c>.</summary>
    public ImmutableArray<string> Purposes { get; init; } = [];

    /// <summary>Security labels, such as <c>PSY</c>: the provision matches a resource that carries one of them.</summary>
    public ImmutableArray<string> Labels { get; init; } = [];

    /// <summary>Resource types, such as <c>Observation</c>.</summary>
    public ImmutableArray<string> Types { get; init; } = [];

    public Period Period { get; init; }

    public ImmutableArray<ConsentRule> Exceptions { get; init; } = [];
}

/// <summary>A closed interval; a missing bound is open.</summary>
internal readonly record struct Period(DateTimeOffset? Start, DateTimeOffset? End)
{
    /// <summary>The first moment inside, and the first one after.</summary>
    public IEnumerable<DateTimeOffset> Turns => new[] { Start, End < DateTimeOffset.MaxValue ? End?.AddTicks(1) : null }.OfType<DateTimeOffset>();

    public bool Contains(DateTimeOffset moment) => !(moment < Start) && !(moment > End);
}

/// <summary>One Consent resource as it decides: only active ones are kept.</summary>
/// <param name="Id">The Consent's id.</param>
/// <param name="Version">Its version id.</param>
/// <param name="Patient">The patient's id.</param>
/// <param name="Root">The root provision.</param>
internal sealed record ConsentDirective(string Id, string Version, string Patient, ConsentRule Root)
{
    private readonly Lazy<ImmutableArray<DateTimeOffset>> _turns = new(() => [.. All(Root).SelectMany(r => r.Period.Turns).Distinct().Order()]);
    private readonly Lazy<ImmutableArray<string>> _purposes = new(() => [.. All(Root).SelectMany(r => r.Purposes).Distinct(StringComparer.Ordinal)]);

    /// <summary>The moments from which it decides otherwise than before, in order.</summary>
    public ImmutableArray<DateTimeOffset> Turns => _turns.Value;

    /// <summary>The purposes that any of its rules names.</summary>
    public ImmutableArray<string> Purposes => _purposes.Value;

    /// <summary>How receipts and share changes name the consent and the rule that matched.</summary>
    public string Reference(string rule) => $"{Reference(Id, Version)}#{rule}";

    /// <summary>The same where no rule matched any more: the version that ended a permit.</summary>
    public static string Reference(string id, string version) => $"Consent/{id}/_history/{version}";

    private static IEnumerable<ConsentRule> All(ConsentRule rule) => rule.Exceptions.SelectMany(All).Prepend(rule);
}
