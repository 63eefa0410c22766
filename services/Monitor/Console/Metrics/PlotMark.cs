namespace EdgeMesh.Services.Monitor.Console.Metrics;

/// <summary>A point that a detector found to be an anomaly.</summary>
internal sealed record PlotMark(DateTimeOffset Time, double Observed, double Expected, double Low, double High);
