namespace EdgeMesh.Services.Records.Consents;

/// <summary>What was decided on one resource, or on a request as a whole.</summary>
internal enum AccessEffect
{
    /// <summary>The caller may.</summary>
    Permit,

    /// <summary>The caller sees what an unknown id would show. Decided by consent, label or ownership.</summary>
    Hide,

    /// <summary>403: scope, role or site refuse, before the store is looked at.</summary>
    Refuse,
}

/// <summary>A decision and what it rests on.</summary>
/// <param name="Effect">What was decided.</param>
/// <param name="Rule">The consent, its version and the rule that matched, or the local rule.</param>
internal sealed record Decision(AccessEffect Effect, string Rule)
{
    public bool Permits => Effect == AccessEffect.Permit;
}
