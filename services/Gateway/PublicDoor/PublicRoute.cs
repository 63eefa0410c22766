namespace EdgeMesh.Services.Gateway.PublicDoor;

/// <summary>Who may use a route.</summary>
internal enum RouteAccess
{
    /// <summary>Everybody: what is behind it is public.</summary>
    Open,

    /// <summary>Whoever has a token; the service decides.</summary>
    Token,

    /// <summary>Everybody, and the service decides; a token that is shown must be good.</summary>
    MaybeToken,

    /// <summary>Whoever has a scope that covers the request.</summary>
    Fhir,

    /// <summary>Auditors.</summary>
    Audit,
}

/// <summary>One thing that the public door serves.</summary>
/// <param name="AppId">The service behind it.</param>
/// <param name="Methods">The methods it takes.</param>
/// <param name="Access">Who may use it.</param>
internal sealed record PublicRoute(string AppId, IReadOnlyList<string> Methods, RouteAccess Access)
{
    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];
    private static readonly string[] All = [HttpMethods.Get, HttpMethods.Head, HttpMethods.Post, HttpMethods.Put, HttpMethods.Patch, HttpMethods.Delete];
    private static readonly PublicRoute Fhir = new("records", All, RouteAccess.Fhir);
    private static readonly PublicRoute FhirMetadata = new("records", Reading, RouteAccess.Open);
    private static readonly PublicRoute Receipts = new("records", Reading, RouteAccess.Token);
    private static readonly PublicRoute Functions = new("functions", All, RouteAccess.MaybeToken);
    private static readonly PublicRoute Deployments = new("functions", All, RouteAccess.Token);
    private static readonly PublicRoute Monitor = new("monitor", Reading, RouteAccess.Token);
    private static readonly PublicRoute Silences = new("monitor", [.. Reading, HttpMethods.Post, HttpMethods.Delete], RouteAccess.Token);
    private static readonly PublicRoute LedgerProof = new("ledger", Reading, RouteAccess.Audit);
    private static readonly PublicRoute LedgerData = new("ledger", Reading, RouteAccess.Open);

    /// <summary>The route of a plain path; null: there is none.</summary>
    public static PublicRoute? Find(string path) => path.Split('/') switch
    {
        ["", "fhir", "metadata"] => FhirMetadata,
        ["", "fhir", ..] => Fhir,
        ["", "receipts", { Length: > 0 }] => Receipts,
        ["", "functions", { Length: > 0 }, _, ..] => Functions,
        ["", "deployments", ..] => Deployments,
        ["", "monitor", "silences", ..] => Silences,
        ["", "monitor", { Length: > 0 }, ..] => Monitor,
        ["", "ledger", "checkpoint" or "cosigned"] or ["", "ledger", "tile", _, ..] => LedgerData,
        ["", "ledger", { Length: > 0 }, ..] => LedgerProof,
        _ => null,
    };
}
