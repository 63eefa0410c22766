using EdgeMesh.Hosting;
using EdgeMesh.Services.Records.Consents;
using R4 = Hl7.Fhir.Model;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>What a write answers with (header <c>Prefer</c>).</summary>
internal enum ReturnPreference
{
    /// <summary>The resource for one write; nothing but status lines for a bundle.</summary>
    Default,

    Minimal,

    Representation,

    Outcome,
}

/// <summary>A FHIR request, free of HTTP: it came by itself or as an entry of a bundle.</summary>
internal sealed record FhirRequest
{
    public required Interaction Interaction { get; init; }

    public required Caller Caller { get; init; }

    /// <summary>The caller's own token, to ask another site in the caller's name; null inside tests without a gateway.</summary>
    public string? CallerToken { get; init; }

    /// <summary>Where this FHIR service is for its callers, without a slash at the end.</summary>
    public required string Base { get; init; }

    public string Type { get; init; } = "";

    public string Id { get; init; } = "";

    public string VersionId { get; init; } = "";

    /// <summary>Decoded parameters in their order.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Query { get; init; } = [];

    public string? IfMatch { get; init; }

    public string? IfNoneMatch { get; init; }

    public string? IfNoneExist { get; init; }

    /// <summary>Names a write, so that sending it again after a lost answer does not write twice.</summary>
    public string? IdempotencyKey { get; init; }

    public ReturnPreference Return { get; init; }

    /// <summary>Whether unknown search parameters are left out.</summary>
    public bool Lenient { get; init; }

    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The body of a bundle's entry, read already.</summary>
    public R4.Resource? Resource { get; init; }

    public string? RequestId { get; init; }

    /// <summary>What is disclosed while the request is answered; an entry of a batch shares its bundle's.</summary>
    public AccessTrail Trail { get; init; } = new();
}
