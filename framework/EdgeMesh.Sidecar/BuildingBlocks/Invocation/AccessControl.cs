namespace EdgeMesh.Sidecar.BuildingBlocks.Invocation;

/// <summary>Who calls: what mutual TLS says of a caller, or what this process knows of its own apps.</summary>
internal sealed record CallerIdentity(string TrustDomain, string Namespace, string AppId)
{
    /// <summary>What every app without another one belongs to.</summary>
    public const string DefaultTrustDomain = "public";

    public override string ToString() => $"spiffe://{TrustDomain}/ns/{Namespace}/{AppId}";
}

/// <summary>A Configuration's <c>accessControl</c>: which callers may invoke what. It stands on the called side.</summary>
/// <param name="TrustDomain">What the process's own apps belong to.</param>
/// <param name="AllowsByDefault">Where no policy is about the caller.</param>
/// <param name="Policies">By caller.</param>
internal sealed record AccessControl(string TrustDomain, bool AllowsByDefault, IReadOnlyList<AccessPolicy> Policies)
{
    /// <param name="caller">Null: nobody says who it is.</param>
    /// <param name="method">The path, without query.</param>
    /// <param name="verb">Null for gRPC, where policies say nothing about verbs.</param>
    public bool Allows(CallerIdentity? caller, string method, string? verb)
    {
        if (caller is null || Policies.FirstOrDefault(p => p.IsAbout(caller)) is not { } policy)
        {
            return AllowsByDefault;
        }

        var segments = Segments(method);
        var operation = policy.Operations.Where(o => o.Matches(segments) && (verb is null || o.HasVerb(verb))).OrderByDescending(o => o.Exactness).FirstOrDefault();
        return operation?.Allows ?? policy.AllowsByDefault;
    }

    public static string[] Segments(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>What one caller may do.</summary>
internal sealed record AccessPolicy(string AppId, string Namespace, string TrustDomain, bool AllowsByDefault, IReadOnlyList<AccessOperation> Operations)
{
    public bool IsAbout(CallerIdentity caller) => AppId == caller.AppId && Namespace == caller.Namespace && TrustDomain == caller.TrustDomain;
}

/// <param name="Path">Segments; <c>*</c> stands for one, or at the end for all that follow; <c>**</c> for any number.</param>
/// <param name="Verbs">Upper case; <c>*</c> stands for all.</param>
/// <param name="Allows">What is done with calls that match.</param>
internal sealed record AccessOperation(IReadOnlyList<string> Path, IReadOnlyList<string> Verbs, bool Allows)
{
    /// <summary>The more segments are spelled out, the more exact.</summary>
    public int Exactness { get; } = Path.Count(s => s is not ("*" or "**"));

    public bool HasVerb(string verb) => Verbs.Contains("*") || Verbs.Contains(verb, StringComparer.OrdinalIgnoreCase);

    public bool Matches(ReadOnlySpan<string> segments) => Matches(segments, 0);

    private bool Matches(ReadOnlySpan<string> segments, int at)
    {
        if (at == Path.Count)
        {
            return segments.IsEmpty;
        }

        if (Path[at] == "**" || (Path[at] == "*" && at == Path.Count - 1))
        {
            // Without recursion for each start: what follows a ** must end the path.
            var rest = Path.Count - at - 1;
            return segments.Length >= Math.Max(rest, 1) && Matches(segments[^rest..], at + 1);
        }

        return !segments.IsEmpty && (Path[at] == "*" || Path[at] == segments[0]) && Matches(segments[1..], at + 1);
    }
}
