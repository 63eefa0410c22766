namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>Two engines that know each other by the name resolution's file alone: the first app is behind one, the others behind the other.</summary>
internal sealed class SplitEngine(string firstApp, IDaprEngine first, IDaprEngine second) : IDaprEngine
{
    public Uri Http(string appId) => Of(appId).Http(appId);

    public Uri Grpc(string appId) => Of(appId).Grpc(appId);

    /// <param name="setup">With two apps or more.</param>
    /// <param name="start">Starts the first app's engine or the others'; is told which: 0 or 1.</param>
    public static async Task<SplitEngine> StartAsync(EngineSetup setup, Func<int, EngineSetup, Task<IDaprEngine>> start)
    {
        var first = await start(0, setup with { Apps = [setup.Apps[0]] });
        try
        {
            return new SplitEngine(setup.Apps[0].AppId, first, await start(1, setup with { Apps = [.. setup.Apps.Skip(1)] }));
        }
        catch
        {
            await first.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await first.DisposeAsync();
        await second.DisposeAsync();
    }

    private IDaprEngine Of(string appId) => appId == firstApp ? first : second;
}
