using System.Collections.Immutable;

namespace EdgeMesh.Cli.Provisioning;

/// <summary>For whom a token is, and what it allows.</summary>
internal sealed record TokenRequest
{
    public static readonly TimeSpan UsualLife = TimeSpan.FromHours(1);

    public static readonly TimeSpan LongestLife = TimeSpan.FromHours(24);

    public static readonly string[] Roles = ["practitioner", "patient", "auditor", "operator", "admin", "loader"];

    public required string User { get; init; }

    public required string Site { get; init; }

    public required ImmutableArray<string> TokenRoles { get; init; }

    public required ImmutableArray<string> Scopes { get; init; }

    public string Purpose { get; init; } = "TREAT";

    public string? Patient { get; init; }

    public TimeSpan Lifetime { get; init; } = UsualLife;

    public static TokenRequest Loader(string site) =>
        new() { User = "records-load", Site = site, TokenRoles = ["loader"], Scopes = ScopesOf(["loader"]), Lifetime = LongestLife };

    public static TokenRequest Practitioner(string user, string site) =>
        new() { User = user, Site = site, TokenRoles = ["practitioner"], Scopes = ScopesOf(["practitioner"]) };

    /// <summary>What a role needs when nobody says less.</summary>
    public static ImmutableArray<string> ScopesOf(IEnumerable<string> roles) =>
        [.. roles.Select(role => role switch
        {
            "patient" => "patient/*.cruds",
            "auditor" => "system/AuditEvent.rs",
            // Nothing of the records: an operator sees how sites are, and may change what functions run.
            "operator" => "deployments",
            "loader" or "admin" => "system/*.cruds",
            _ => "user/*.cruds",
        }).Distinct()];
}
