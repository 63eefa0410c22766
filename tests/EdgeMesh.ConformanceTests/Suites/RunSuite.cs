using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Cases that start a sidecar of their own, by its flags, in a folder of their own.</summary>
/// <param name="isReal">Whether it is a real daprd.</param>
public abstract class RunSuite(bool isReal) : IDisposable
{
    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected string Folder { get; } = Directory.CreateTempSubdirectory("edgemesh-run-").FullName;

    protected bool IsReal => isReal;

    private protected SidecarRun NewRun() => isReal ? new DaprdRun() : new EmbeddedRun();

    /// <summary>What daprd needs for actors; null: this engine needs nothing.</summary>
    private protected async Task<ControlPlane?> StartControlPlaneAsync() => isReal ? await ControlPlane.StartAsync(Folder, Cancellation) : null;

    /// <summary>A sidecar of <paramref name="app"/> with a Configuration and resources, that takes calls.</summary>
    private protected async Task<SidecarRun> StartAsync(TestApp app, string configuration, string resources, params string[] flags)
    {
        var (config, folder) = (Path.Combine(Folder, "config.yaml"), Directory.CreateDirectory(Path.Combine(Folder, "resources")).FullName);
        await File.WriteAllTextAsync(config, $"apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {{ name: runtime }}\nspec:\n{configuration}", Cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "resources.yaml"), resources, Cancellation);
        var run = NewRun();
        run.Start(run.Flags(["--app-port", $"{app.Port}", "--config", config, "--resources-path", folder, "--dapr-public-port", $"{run.PublicPort}", "--dapr-public-listen-address", "127.0.0.1", .. flags]), Folder);
        try
        {
            // Nothing that a Configuration puts before the API stands before this port.
            using var client = run.Client(run.PublicPort);
            await Eventually.HoldsAsync(async () =>
            {
                await run.ReadyAsync(client, Cancellation);
                using var answer = await client.GetAsync("/v1.0/healthz", Cancellation);
                return answer.IsSuccessStatusCode;
            }, Cancellation);
            return run;
        }
        catch
        {
            await run.DisposeAsync();
            throw;
        }
    }

    private protected static string Component(string name, string type, params (string Name, string Value)[] fields) => $$"""
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: {{name}} }
        spec:
          type: {{type}}
          version: v1
          metadata: [{{string.Join(", ", fields.Select(f => $"{{ name: {f.Name}, value: '{f.Value}' }}"))}}]

        """;

    private protected string ActorStore => Component("actors", "state.sqlite", ("connectionString", Path.Combine(Folder, "actors.db")), ("actorStateStore", "true"));

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}
