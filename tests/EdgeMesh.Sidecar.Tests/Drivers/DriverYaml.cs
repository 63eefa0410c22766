namespace EdgeMesh.Sidecar.Tests.Drivers;

/// <summary>A component <c>mine</c>, its fields as <c>name=value;name=value</c>.</summary>
internal static class DriverYaml
{
    public static string Component(string type, string version, string fields) =>
        Yaml.Component("mine", type, [.. fields.Split(';').Select(f => f.Split('=', 2)).Select(f => (f[0], f[1]))])
            .Replace("version: v1", $"version: {version}\n  initTimeout: 2s", StringComparison.Ordinal);
}
