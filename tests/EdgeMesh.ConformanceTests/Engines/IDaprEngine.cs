namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>A running Dapr API for some apps.</summary>
internal interface IDaprEngine : IAsyncDisposable
{
    Uri Http(string appId);

    Uri Grpc(string appId);
}
