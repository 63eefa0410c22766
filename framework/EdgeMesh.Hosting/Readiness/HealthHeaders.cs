namespace EdgeMesh.Hosting;

/// <summary>What a service says of itself in the headers of <c>/readyz</c>.</summary>
public static class HealthHeaders
{
    /// <summary>The version of EdgeMesh that the service was built with, with the commit where it is known.</summary>
    public const string Version = "EdgeMesh-Version";
}
