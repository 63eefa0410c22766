using System.Collections.Immutable;

namespace EdgeMesh.Hosting;

/// <summary>Who stands behind a request.</summary>
public enum CallerKind
{
    /// <summary>A person or program with an OIDC token.</summary>
    User,

    /// <summary>Another site's gateway, known by its certificate.</summary>
    Site,
}

/// <summary>The verified caller of a request, as the gateway stated it in a signed, short-lived token (header <see cref="CallerTokens.Header"/>). Services of this site call each other without one.</summary>
public sealed record Caller
{
    /// <summary>What kind of caller.</summary>
    public required CallerKind Kind { get; init; }

    /// <summary>The token's subject, or the site's name.</summary>
    public required string Subject { get; init; }

    /// <summary>The site where the caller was verified. For <see cref="CallerKind.Site"/>, that site itself.</summary>
    public required string Site { get; init; }

    /// <summary>Roles, such as <c>practitioner</c>, <c>patient</c>, <c>auditor</c>, <c>admin</c>, <c>loader</c>.</summary>
    public ImmutableArray<string> Roles { get; init; } = [];

    /// <summary>SMART v2 scopes, such as <c>user/*.cruds</c>.</summary>
    public ImmutableArray<string> Scopes { get; init; } = [];

    /// <summary>Purpose of use, such as <c>TREAT</c>.</summary>
    public string Purpose { get; init; } = "TREAT";

    /// <summary>For a patient's own token: the patient's id, such as <c>clinic-a-x1</c>.</summary>
    public string? Patient { get; init; }

    /// <summary>For a request that another site forwards: the site that forwards it (its certificate was verified); else null.</summary>
    public string? ForwardedBy { get; init; }
}
