namespace EdgeMesh.Sidecar.BuildingBlocks.Secrets;

/// <summary>Which secrets of a store apps may read: a list of allowed ones leaves out all others; without one, what is denied is left out.</summary>
/// <param name="DefaultIsDeny">For secrets in neither list.</param>
/// <param name="Allowed">If there are any, only these.</param>
/// <param name="Denied">Never these, unless allowed.</param>
internal sealed record SecretScope(bool DefaultIsDeny, IReadOnlySet<string> Allowed, IReadOnlySet<string> Denied)
{
    public bool Allows(string secret) => Allowed.Count > 0 ? Allowed.Contains(secret) : !Denied.Contains(secret) && !DefaultIsDeny;
}
