using System.Net.Http.Headers;
using System.Net.Http.Json;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using Grpc.Core;
using Grpc.Net.Client;
using DaprApi = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

[assembly: AssemblyFixture(typeof(EmbeddedFixture))]
[assembly: AssemblyFixture(typeof(DaprdFixture))]
[assembly: AssemblyFixture(typeof(EmbeddedSqliteBrokerFixture))]

namespace EdgeMesh.ConformanceTests.Engines;

/// <summary>One engine for the whole run, started by the first test that needs it: apps <c>alpha</c> and <c>beta</c>, the resources
/// of <see cref="Resources"/>.</summary>
public abstract class EngineFixture : IAsyncDisposable
{
    private readonly Lazy<Task<Running>> _running;
    private readonly string _folder = Directory.CreateTempSubdirectory("edgemesh-conformance-").FullName;

    protected EngineFixture() => _running = new(StartAsync);

    internal Task<Running> RunningAsync() => _running.Value;

    /// <summary>Starts what the engine needs beside it, and adds the resources of that.</summary>
    private protected virtual Task PrepareAsync(EngineSetup setup) => Task.CompletedTask;

    private protected virtual ValueTask ReleaseAsync() => ValueTask.CompletedTask;

    private protected abstract Task<IDaprEngine> StartEngineAsync(EngineSetup setup);

    /// <summary>Whether there is an app <c>gamma</c>, which speaks gRPC.</summary>
    private protected virtual bool HasGrpcApp => false;

    private protected virtual void WriteResources(EngineSetup setup) => Resources.Write(setup);

    private async Task<Running> StartAsync()
    {
        var alpha = await TestApp.StartAsync("alpha", Resources.AlphaSubscriptions, CancellationToken.None);
        var beta = await TestApp.StartAsync("beta", [], CancellationToken.None);
        var gamma = HasGrpcApp ? await GrpcTestApp.StartAsync("gamma") : null;
        EngineApp[] apps = gamma is null ? [alpha, beta] : [alpha, beta, new EngineApp(gamma.AppId, "grpc", gamma.Url)];
        var setup = new EngineSetup(_folder, apps);
        WriteResources(setup);
        try
        {
            await PrepareAsync(setup);
            return new Running(await StartEngineAsync(setup), alpha, beta, gamma);
        }
        catch
        {
            // Nobody else stops what was started for an engine that does not run.
            await ReleaseAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_running is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            var running = await _running.Value;
            await running.Engine.DisposeAsync();
            await running.Alpha.DisposeAsync();
            await running.Beta.DisposeAsync();
            await (running.Gamma?.DisposeAsync() ?? ValueTask.CompletedTask);
            await ReleaseAsync();
        }

        Directory.Delete(_folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}

public sealed class EmbeddedFixture : EngineFixture
{
    private protected override bool HasGrpcApp => true;

    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) =>
        await EmbeddedEngine.StartAsync(setup, CancellationToken.None);
}

/// <summary>Its <c>pubsub</c> is the durable broker that only this engine has.</summary>
public sealed class EmbeddedSqliteBrokerFixture : EngineFixture
{
    private protected override Task PrepareAsync(EngineSetup setup)
    {
        Resources.Component(setup, "pubsub", "pubsub.edgemesh.sqlite", "v1", [("connectionString", Path.Combine(setup.Folder, "events.db"))]);
        return Task.CompletedTask;
    }

    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) =>
        await EmbeddedEngine.StartAsync(setup, CancellationToken.None);
}

public sealed class DaprdFixture : EngineFixture
{
    private protected override bool HasGrpcApp => true;

    private protected override async Task<IDaprEngine> StartEngineAsync(EngineSetup setup) =>
        await DaprdEngine.StartAsync(setup with { ControlPlane = true }, CancellationToken.None);
}

/// <summary>A started engine and clients for it.</summary>
internal sealed record Running(IDaprEngine Engine, TestApp Alpha, TestApp Beta, GrpcTestApp? Gamma = null)
{
    /// <summary>An HTTP client of an app's sidecar, with the API token.</summary>
    public HttpClient Client(string appId = "alpha", string? token = EngineSetup.ApiToken)
    {
        var client = new HttpClient { BaseAddress = Engine.Http(appId), Timeout = TimeSpan.FromSeconds(30) };
        if (token is not null)
        {
            client.DefaultRequestHeaders.Add("dapr-api-token", token);
        }

        return client;
    }

    public DaprApi Grpc(string appId = "alpha") => new(GrpcChannel.ForAddress(Engine.Grpc(appId)));

    public static Metadata Token => new() { { "dapr-api-token", EngineSetup.ApiToken } };

    public static StringContent Json(string text) => new(text, MediaTypeHeaderValue.Parse("application/json"));
}
