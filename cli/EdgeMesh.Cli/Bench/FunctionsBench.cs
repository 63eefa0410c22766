using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using EdgeMesh.Cli.Clients;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Functions;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Cli.Topology;
using EdgeMesh.Cli.Up;
using EdgeMesh.Functions;

namespace EdgeMesh.Cli.Bench;

/// <summary><c>edgemesh bench functions</c>: a sandbox in this process, then three sites of their own.</summary>
internal sealed class FunctionsBench(Screen screen, bool json, int seconds, int idle)
{
    private const int WarmUp = 5_000;
    private const int InProcessCalls = 20_000;
    private const int Deploys = 11;
    private static readonly int[] Rates = [200, 1_000, 2_000];
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(120);

    /// <summary>A site at rest gives memory back within five to ten seconds.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(30);

    private readonly TimeProvider clock = TimeProvider.System;

    public async Task<int> RunAsync(MeshPlace house, CancellationToken cancellation)
    {
        if (TemporaryMesh.Create(house) is not { } place)
        {
            return screen.Fail("no block of ports is free for a mesh.", "Stop other meshes: ./edgemesh down");
        }

        try
        {
            PrivateFiles.CreateFolder(place.Data.Path);
            MeshProvisioner.Provision(place);
            screen.Note("In this process …");
            var (instance, call) = await InProcessAsync(cancellation);
            await using var run = new MeshRun(place, clock, (_, _) => { });
            run.Start();
            if (!await run.WaitUntilReadyAsync(ReadyLimit, cancellation))
            {
                return screen.Fail("the mesh did not get ready.", "Run ./edgemesh up to see why.");
            }

            Print(await MeasureAsync(place, run, instance, call, cancellation));
            return ExitCode.Done;
        }
        catch (Exception error) when (error is InvalidOperationException or SocketException or PlatformNotSupportedException)
        {
            return screen.Fail(error.Message, "Run it again with nothing beside it; ./edgemesh up shows what sites say.");
        }
        finally
        {
            Directory.Delete(place.Data.Path, recursive: true);
        }
    }

    private async Task<(Spread Instance, Spread Call)> InProcessAsync(CancellationToken cancellation)
    {
        using var sandbox = new FunctionSandbox(new SandboxOptions(), clock);
        var echo = sandbox.Add(sandbox.Compile(EchoFunction.Module).Module!, new FunctionShare());
        var input = new CallInput { Data = new byte[256], Arguments = ["echo"], Environment = new Dictionary<string, string> { ["PATH_INFO"] = "/echo" } };
        var (instances, calls) = (new List<double>(InProcessCalls), new List<double>(InProcessCalls));
        for (var i = -WarmUp; i < InProcessCalls; i++)
        {
            var began = Stopwatch.GetTimestamp();
            var result = await echo.CallAsync(input, cancellation);
            if (i >= 0)
            {
                instances.Add(result.Usage.Started.TotalMicroseconds);
                calls.Add(Stopwatch.GetElapsedTime(began).TotalMicroseconds);
            }
        }

        return (Spread.Of(instances), Spread.Of(calls));
    }

    private async Task<FunctionFigures> MeasureAsync(MeshPlace place, MeshRun run, Spread instance, Spread call, CancellationToken cancellation)
    {
        using var key = DeployerKeyFile.Open(place.Data.DeployerKey);
        var clients = place.Topology.Sites.ToDictionary(s => s.Name, s => new SiteCalls(Client(place, s)));
        try
        {
            var core = place.Topology.Sites.First(s => s.IsCore);
            screen.Note("Deploying to three sites …");
            var deploys = await DeployAsync(clients, core.Name, key, cancellation);
            screen.Note("Calling through gateway and sidecar …");
            var (http, bare) = await CallAsync(place, place.Topology.Sites.First(s => !s.IsCore), cancellation);
            screen.Note($"Deploying {idle} functions that nobody calls …");
            var grown = await IdleAsync(run, clients[core.Name], core.Name, key, cancellation);
            return new()
            {
                Cores = Environment.ProcessorCount, InstanceMicroseconds = instance, CallMicroseconds = call, Http = http, Bare = bare, DeployMilliseconds = deploys,
                Sites = clients.Count, IdleFunctions = idle, IdleMegabytes = grown,
            };
        }
        finally
        {
            foreach (var client in clients.Values)
            {
                client.Dispose();
            }
        }
    }

    private static HttpClient Client(MeshPlace place, SiteDefinition site) => SiteClients.Create(place, site, Token(place, site));

    private static string Token(MeshPlace place, SiteDefinition site)
    {
        using var issuer = DevelopmentIssuer.Open(place.Data, TimeProvider.System);
        return issuer.Issue(place.Topology, new TokenRequest { User = "bench", Site = site.Name, TokenRoles = ["admin"], Scopes = ["functions/echo"] });
    }

    /// <summary>The first deployment compiles and warms everything; it is not counted.</summary>
    private static async Task<Spread> DeployAsync(Dictionary<string, SiteCalls> clients, string at, DeployerKey key, CancellationToken cancellation)
    {
        var times = new List<double>();
        for (var i = 1; i <= Deploys; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await DeployAsync(clients[at], "echo", i, key, cancellation);
            await Task.WhenAll(clients.Select(c => RunsAsync(c.Value, c.Key, i, cancellation)));
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return Spread.Of(times.Skip(1));
    }

    private static async Task DeployAsync(SiteCalls client, string name, int generation, DeployerKey key, CancellationToken cancellation)
    {
        var bundle = await EchoFunction.BundleAsync(name, $"1.0.{generation}", key);
        var sent = await client.PutBundleAsync(name, BundleFile.Write(bundle), cancellation);
        var taken = sent.IsDone ? await client.PutDeploymentAsync(name, Deployment.Sign(name, generation, bundle.Digest, CanaryPlan.None, key).Text, cancellation) : sent;
        if (!taken.IsDone)
        {
            throw new InvalidOperationException(taken.Problem);
        }
    }

    private static async Task RunsAsync(SiteCalls client, string site, int generation, CancellationToken cancellation)
    {
        while (true)
        {
            var answer = await client.GetAsync("deployments/echo", cancellation);
            if (answer.IsDone && answer.Json?["function"]?["sites"]?[site] is JsonObject at && (long?)at["generation"] >= generation)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, cancellation);
        }
    }

    private async Task<(IReadOnlyList<HttpFigures> Mesh, IReadOnlyList<HttpFigures> Bare)> CallAsync(MeshPlace place, SiteDefinition site, CancellationToken cancellation)
    {
        using var service = await BareService.StartAsync(cancellation);
        using var authority = X509CertificateLoader.LoadCertificateFromFile(place.Data.AuthorityCertificate);
        var token = Token(place, site);
        var function = new Uri(place.Topology.PublicUrl(site), "functions/echo/echo");
        var (mesh, bare) = (new List<HttpFigures>(), new List<HttpFigures>());
        // What is hot is compiled a second time in its first seconds; that is the start's cost, not a call's.
        await PacedCalls.RunAsync(Rates[^1], WarmUpTime, service.Connect, cancellation);
        await PacedCalls.RunAsync(Rates[^1], WarmUpTime, Connect, cancellation);
        foreach (var rate in Rates)
        {
            bare.Add(await PacedCalls.RunAsync(rate, TimeSpan.FromSeconds(seconds), service.Connect, cancellation));
            mesh.Add(await PacedCalls.RunAsync(rate, TimeSpan.FromSeconds(seconds), Connect, cancellation));
        }

        return (mesh, bare);

        EchoConnection Connect() => EchoConnection.Open(function, authority, token);
    }

    private async Task<double?> IdleAsync(MeshRun run, SiteCalls client, string site, DeployerKey key, CancellationToken cancellation)
    {
        var before = await SizeAsync(run, site, cancellation);
        await Parallel.ForAsync(0, idle, new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellation }, async (i, token) =>
            await DeployAsync(client, $"idle-{i.ToString(CultureInfo.InvariantCulture)}", 1, key, token));
        var after = await SizeAsync(run, site, cancellation);
        return before is null || after is null ? null : Math.Round((after.Value - before.Value) / 1e6, 1);
    }

    private async Task<long?> SizeAsync(MeshRun run, string site, CancellationToken cancellation)
    {
        await Task.Delay(Settle, clock, cancellation);
        var status = await run.StatusAsync(cancellation);
        return status.Sites.First(s => s.Name == site).Pid is { } pid ? MemoryMeter.ProportionalSetSize(pid) : null;
    }

    private void Print(FunctionFigures figures)
    {
        if (json)
        {
            screen.JsonLine(figures);
            return;
        }

        screen.Line($"{figures.Cores} cores");
        screen.Line($"fresh instance to its first instruction: p50 {figures.InstanceMicroseconds.P50} us, p99 {figures.InstanceMicroseconds.P99} us");
        screen.Line($"whole call in the host:                  p50 {figures.CallMicroseconds.P50} us, p99 {figures.CallMicroseconds.P99} us");
        foreach (var (http, bare) in figures.Http.Zip(figures.Bare))
        {
            screen.Line($"over HTTPS at {http.CallsPerSecond,5} calls/s:            p50 {http.Microseconds.P50 / 1000:F2} ms, p99 {http.Microseconds.P99 / 1000:F2} ms ({http.AchievedPerSecond}/s, {http.Failed} failed); a bare program: {bare.Microseconds.P50 / 1000:F2} and {bare.Microseconds.P99 / 1000:F2} ms");
        }

        screen.Line($"a deploy reaches {figures.Sites} sites:               p50 {figures.DeployMilliseconds.P50} ms, max {figures.DeployMilliseconds.Max} ms");
        screen.Line($"{figures.IdleFunctions} idle functions at one site:        {(figures.IdleMegabytes is { } mb ? $"{mb} MB more" : "not told by this system")}");
    }
}
