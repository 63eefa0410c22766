namespace EdgeMesh.Sidecar.Resources;

/// <summary>Which calls of the API are lines in the log.</summary>
/// <param name="IsEnabled">Those of all apps; else of those alone that were started so.</param>
/// <param name="HidesValues">Whether what callers chose stands under its name: <c>/v1.0/state/{store}/{key}</c>.</param>
/// <param name="OmitsHealth">Whether questions after health are left out.</param>
internal sealed record ApiLogging(bool IsEnabled, bool HidesValues, bool OmitsHealth)
{
    public static readonly ApiLogging None = new(false, false, false);
}
