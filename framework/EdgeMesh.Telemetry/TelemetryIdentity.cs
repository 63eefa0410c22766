namespace EdgeMesh.Telemetry;

/// <summary>Who writes a log line, a span, a measurement.</summary>
/// <param name="Site">The site.</param>
/// <param name="Service">The service.</param>
public sealed record TelemetryIdentity(string Site, string Service)
{
    /// <summary>Where it runs, such as <c>Production</c>, as the host is told (<c>DOTNET_ENVIRONMENT</c>); null: not known, and not on the line.</summary>
    public string? Environment { get; init; }
}
