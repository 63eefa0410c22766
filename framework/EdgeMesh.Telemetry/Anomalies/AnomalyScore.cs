namespace EdgeMesh.Telemetry.Anomalies;

/// <summary>What a detector says of one point.</summary>
/// <param name="Score">From 0 (nothing new, or less than what was told lately) to below 1.</param>
/// <param name="IsAlert">Whether the score reaches <see cref="AnomalyDetector.Threshold"/>.</param>
/// <param name="View">The view that was surprised most; where none was, <see cref="AnomalyView.Value"/>.</param>
/// <param name="Observed">What came, in the series' unit: the value, or for <see cref="AnomalyView.Level"/> the level.</param>
/// <param name="Expected">What that view expected, in the same unit.</param>
/// <param name="Low">The lower end of what that view took for possible before this point, in the same unit.</param>
/// <param name="High">The upper end of the same.</param>
public readonly record struct AnomalyScore(double Score, bool IsAlert, AnomalyView View, double Observed, double Expected, double Low, double High);
