namespace EdgeMesh.Sidecar;

/// <summary>The resources can't be used; every fault is listed with its file and line.</summary>
public sealed class SidecarConfigurationException(IReadOnlyList<string> faults)
    : Exception("The sidecar can't start:" + string.Concat(faults.Select(f => Environment.NewLine + "  - " + f)))
{
    /// <summary>The faults, one a line.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}
