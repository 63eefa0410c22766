namespace EdgeMesh.Telemetry.Anomalies;

/// <summary>One point of a series.</summary>
/// <param name="Time">When it was measured. Its hour and weekday are taken as they stand, so give one offset to a whole series.</param>
/// <param name="Value">What was measured; not a number where there is a gap.</param>
public readonly record struct Measurement(DateTimeOffset Time, double Value);
