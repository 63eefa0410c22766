using System.Diagnostics;
using System.Text.Json.Nodes;
using EdgeMesh.MeshTests.Processes;

namespace EdgeMesh.MeshTests.Functions;

/// <summary>One site as processes, with a gateway and the functions alone, that a test kills as it likes.</summary>
internal sealed class OneSite : IAsyncDisposable
{
    private const string Site = "core";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private readonly string _folder = Directory.CreateTempSubdirectory("edgemesh-one-site-").FullName;
    private readonly ComponentFolder _components;
    private readonly RunningMesh _mesh;
    private readonly string _engine;

    private OneSite(string engine, int? rabbit)
    {
        _engine = engine;
        _components = engine == "daprd" ? ComponentFolder.Copy("rabbitmq", ("127.0.0.1:5672", $"127.0.0.1:{rabbit}")) : ComponentFolder.Copy("embedded");
        if (engine == "daprd" && rabbit is null)
        {
            // Nothing here is about brokers.
            _components.Write("wan.yaml", Broker("wan"));
            _components.Write("events.yaml", Broker("events"));
        }

        var topology = Path.Combine(_folder, "tye.yaml");
        File.WriteAllText(topology, Topology);
        _mesh = new RunningMesh(topology, engine, _components.Path);
        Client = new HttpClient(new SocketsHttpHandler { SslOptions = { RemoteCertificateValidationCallback = _mesh.IsOurs } }) { Timeout = TimeSpan.FromSeconds(20) };
    }

    /// <summary>Of the gateway's public door.</summary>
    public HttpClient Client { get; }

    /// <summary>What the site keeps.</summary>
    public string Data => Path.Combine(_mesh.Data, "sites", Site);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="engine">embedded or daprd.</param>
    /// <param name="rabbit">The port of a RabbitMQ for daprd's pub/sub; null: one in the sidecar's memory.</param>
    public static async Task<OneSite> StartAsync(string engine, int? rabbit = null)
    {
        var site = new OneSite(engine, rabbit);
        try
        {
            await site._mesh.InitializeAsync();
        }
        catch
        {
            await site.DisposeAsync();
            throw;
        }

        site.Client.BaseAddress = new Uri($"https://127.0.0.1:{site._mesh.CoreGatewayPort}/");
        return site;
    }

    /// <summary>Deploys a function, and returns once the site has decided on it.</summary>
    public async Task DeployAsync(string manifest, byte[] module, long generation, params string[] canary)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "function.yaml"), manifest, Cancellation);
        await File.WriteAllBytesAsync(Path.Combine(_folder, "m.wasm"), module, Cancellation);
        var result = await _mesh.RunAsync(["function", "deploy", _folder, .. canary]);
        Assert.True(result.ExitCode == 0, result.ToString());
        var name = manifest.Split('\n')[0]["name: ".Length..];
        await UntilAsync(async () => (long?)(await AtAsync(name))?["generation"] >= generation, $"the site decides on generation {generation} of {name}");
    }

    /// <summary>Where the site is with a function; null: it does not say.</summary>
    public async Task<JsonNode?> AtAsync(string function) => (await FindAsync(function))?["sites"]?[Site];

    /// <summary>The function as <c>function list</c> shows it; null: the site does not say.</summary>
    public async Task<JsonNode?> FindAsync(string function)
    {
        var result = await _mesh.RunAsync("function", "list", "--json");
        return result.ExitCode == 0 ? JsonNode.Parse(result.Output)!.AsArray().FirstOrDefault(f => (string?)f!["name"] == function) : null;
    }

    /// <summary>What a function answers; null: nobody does.</summary>
    public async Task<(int Status, string Body)?> CallAsync(string path, HttpContent? body = null)
    {
        try
        {
            using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, $"functions/{path}") { Content = body };
            using var answer = await Client.SendAsync(request, Cancellation);
            return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    /// <summary>Ends the process that runs the functions with SIGKILL; its launcher starts another.</summary>
    public async Task KillAsync()
    {
        var pid = 0;
        await UntilAsync(async () => (pid = await ProcessAsync()) != 0, "the functions run");
        using var process = Process.GetProcessById(pid);
        process.Kill();
        await process.WaitForExitAsync(Cancellation);
    }

    public static async Task UntilAsync(Func<Task<bool>> isSo, string what)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await isSo())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Limit, $"not within {Limit.TotalSeconds:0} s: {what}");
            await Task.Delay(50, Cancellation);
        }
    }

    /// <summary>Stops the site, and leaves what it kept.</summary>
    public Task StopAsync() => _mesh.RunAsync("down");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _mesh.DisposeAsync();
        _components.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task<int> ProcessAsync()
    {
        if (_engine != "daprd")
        {
            var status = JsonNode.Parse((await _mesh.RunAsync("status", "--json")).Output)!["sites"]![0]!;
            return (int?)status["pid"] ?? 0;
        }

        // The service itself, not the shell that starts it again.
        return Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Select(name => int.TryParse(name, out var pid) ? pid : 0).FirstOrDefault(IsFunctions);
    }

    private bool IsFunctions(int pid)
    {
        try
        {
            return pid != 0 && File.ReadAllText($"/proc/{pid}/cmdline").Split('\0') is ["dotnet", var program, ..] && program.EndsWith("EdgeMesh.Services.Functions.dll", StringComparison.Ordinal)
                && new DirectoryInfo($"/proc/{pid}/cwd").LinkTarget == Data;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // It has just ended, or is another user's.
            return false;
        }
    }

    /// <summary>A pub/sub component where nothing is about brokers.</summary>
    internal static string Broker(string name) => $"""
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: {name}
        spec:
          type: pubsub.in-memory
          version: v1
          metadata:
            - name: consumerID
              value: "{"{namespace}"}"
        """;

    private const string Topology = """
        name: one-site
        services:
          - name: gateway
            project: services/Gateway/EdgeMesh.Services.Gateway.csproj
            bindings:
              - { name: public, protocol: https, port: 7101 }
              - { name: mesh, protocol: https, port: 7102 }
              - { name: http, protocol: http, port: 7110 }
          - name: functions
            project: services/Functions/EdgeMesh.Services.Functions.csproj
            bindings:
              - { name: http, protocol: http, port: 7140 }
        extensions:
          - name: dapr
          - name: edgemesh
            sites:
              - name: core
                organization: org-core
                role: core
                services: [gateway, functions]
        """;
}
