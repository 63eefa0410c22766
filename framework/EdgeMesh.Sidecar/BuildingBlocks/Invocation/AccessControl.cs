namespace EdgeMesh.Sidecar.BuildingBlocks.Invocation;

/// <summary>A Configuration's <c>accessControl</c>: which callers may invoke what. It stands on the called side.</summary>
/// <param name="TrustDomain">What the process's own apps belong to.</param>
/// <param name="AllowsByDefault">Where no policy is about the caller.</param>
/// <param name="Policies">By caller.</param>
internal sealed record AccessControl(string TrustDomain, bool AllowsByDefault, IReadOnlyList<AccessPolicy> Policies)
{
    /// <summary>Why a call is denied, as daprd says it; null: it is allowed.</summary>
    /// <param name="caller">Null: nobody says who it is.</param>
    /// <param name="operation">The path, without query.</param>
    /// <param name="verb">Null for gRPC, where policies say nothing about verbs.</param>
    public string? Refusal(CallerIdentity? caller, string operation, string? verb) =>
        Allows(caller, operation, verb) ? null : $"access control policy has denied access to id: {caller} operation: {operation} verb: {verb ?? "NONE"}";

    private bool Allows(CallerIdentity? caller, string path, string? verb)
    {
        // Of two about one app the last is left, as daprd keeps them: also where only the other one's trust domain is the caller's.
        if (caller is null || Policies.LastOrDefault(p => p.IsAbout(caller)) is not { } policy || policy.TrustDomain != caller.TrustDomain)
        {
            return AllowsByDefault;
        }

        // Of HTTP neither engine looks at upper and lower case.
        var operation = policy.Operations.Find(Segments(path), ignoresCase: verb is not null);
        return operation is not null && (verb is null || operation.HasVerb(verb)) ? operation.Allows : policy.AllowsByDefault;
    }

    public static string[] Segments(string path) => path.Trim('/').Split('/');
}

/// <summary>What one caller may do.</summary>
internal sealed record AccessPolicy(string AppId, string Namespace, string TrustDomain, bool AllowsByDefault, OperationTree Operations)
{
    /// <summary>But for its trust domain.</summary>
    public bool IsAbout(CallerIdentity caller) => AppId == caller.AppId && Namespace == caller.Namespace;
}

/// <param name="Path">Segments.</param>
/// <param name="Verbs">Upper case; <c>*</c> stands for all. One that is not among them is left to the policy's default; gRPC has none.</param>
/// <param name="Allows">What is done with calls that match.</param>
internal sealed record AccessOperation(IReadOnlyList<string> Path, IReadOnlyList<string> Verbs, bool Allows)
{
    public bool HasVerb(string verb) => Verbs.Contains("*") || Verbs.Contains(verb, StringComparer.OrdinalIgnoreCase);
}
