namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>A running Dapr API for some apps.</summary>
internal interface IDaprEngine : IAsyncDisposable
{
    Uri Http(string appId);

    Uri Grpc(string appId);

    /// <summary>Where Prometheus asks, for a setup that has it (<see cref="EngineSetup.HasMetrics"/>).</summary>
    Uri Metrics(string appId) => throw new NotSupportedException("No test asks this engine for its metrics.");
}
