namespace EdgeMesh.Telemetry;

/// <summary>Who writes a log line, a span, a measurement.</summary>
/// <param name="Site">The site.</param>
/// <param name="Service">The service.</param>
public sealed record TelemetryIdentity(string Site, string Service);
