using EdgeMesh.Cli.Clients;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Loading;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Cli.Up;

namespace EdgeMesh.Cli.Bench;

/// <summary>The figures of a mesh on this machine. Figures differ between machines; counts and ratios less so.</summary>
internal sealed record MeshFigures
{
    public required int Sites { get; init; }

    public required int Services { get; init; }

    /// <summary>From the start of the site processes until every /readyz answers 200, with keys and stores there already.</summary>
    public required double SecondStartSeconds { get; init; }

    /// <summary>Sum over the site processes, ten seconds later.</summary>
    public double? ProportionalSetSizeMb { get; init; }

    public required int Cores { get; init; }

    public LoadOutcome? Load { get; init; }

    public double? ResourcesPerSecondPerCore { get; init; }
}

internal sealed class MeshBench(Screen screen, bool json, string? load, string? loadSite, int parallelism)
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(10);

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
            screen.Note("First start: makes stores and journals …");
            if (await StartAsync(place, (run, _) => Task.FromResult(run), cancellation) is null)
            {
                return screen.Fail("the mesh did not get ready.", "Run ./edgemesh up to see why.");
            }

            screen.Note("Second start: measured …");
            var figures = await StartAsync(place, (run, seconds) => MeasureAsync(place, run, seconds, cancellation), cancellation);
            if (figures is null)
            {
                return screen.Fail("the mesh did not get ready a second time.", "Run ./edgemesh up to see why.");
            }

            Print(figures);
            return figures.Load is { Failed.Count: > 0 } ? ExitCode.Failed : ExitCode.Done;
        }
        finally
        {
            Directory.Delete(place.Data.Path, recursive: true);
        }
    }

    private async Task<T?> StartAsync<T>(MeshPlace place, Func<MeshRun, double, Task<T>> measure, CancellationToken cancellation)
        where T : class
    {
        await using var run = new MeshRun(place, clock, (_, _) => { });
        var started = clock.GetTimestamp();
        run.Start();
        return await run.WaitUntilReadyAsync(ReadyLimit, cancellation)
            ? await measure(run, clock.GetElapsedTime(started).TotalSeconds)
            : null;
    }

    private async Task<MeshFigures> MeasureAsync(MeshPlace place, MeshRun run, double seconds, CancellationToken cancellation)
    {
        await Task.Delay(Settle, clock, cancellation);
        var status = await run.StatusAsync(cancellation);
        var sizes = status.Sites.Select(s => s.Pid is { } pid ? MemoryMeter.ProportionalSetSize(pid) : null).ToList();
        var outcome = load is null ? null : await LoadAsync(place, cancellation);
        return new()
        {
            Sites = status.Sites.Count,
            Services = status.Sites.Sum(s => s.Services.Count),
            SecondStartSeconds = Math.Round(seconds, 2),
            ProportionalSetSizeMb = sizes.Any(s => s is null) ? null : Math.Round(sizes.Sum(s => s!.Value) / 1e6, 1),
            Cores = Environment.ProcessorCount,
            Load = outcome,
            ResourcesPerSecondPerCore = outcome is null ? null : Math.Round(outcome.ResourcesPerSecond / Environment.ProcessorCount, 1),
        };
    }

    private async Task<LoadOutcome> LoadAsync(MeshPlace place, CancellationToken cancellation)
    {
        var site = place.Topology.FindSite(loadSite ?? "") ?? place.Topology.Sites.First(s => !s.IsCore);
        using var issuer = DevelopmentIssuer.Open(place.Data, clock);
        using var gateway = SiteClients.Create(place, site, issuer.Issue(place.Topology, TokenRequest.Loader(site.Name)), TimeSpan.FromMinutes(2));
        screen.Note($"Loading {load} into {site.Name} …");
        return await new BundleLoader(gateway, site.Name, clock).LoadAsync(load!, parallelism, (_, _) => { }, cancellation);
    }

    private void Print(MeshFigures figures)
    {
        if (json)
        {
            screen.JsonLine(figures);
            return;
        }

        screen.Line($"{figures.Sites} sites with {figures.Services} services, {figures.Cores} cores");
        screen.Line($"second start until every service is ready: {figures.SecondStartSeconds:0.00} s");
        screen.Line($"proportional set size, 10 s later:          {(figures.ProportionalSetSizeMb is { } mb ? $"{mb:0} MB" : "not told by this system")}");
        if (figures.Load is { } loaded)
        {
            screen.Line($"load: {loaded.Resources} resources in {loaded.Seconds:0.0} s, {loaded.ResourcesPerSecond:0}/s, {figures.ResourcesPerSecondPerCore:0}/s per core; {loaded.Failed.Count} bundles failed");
        }
    }
}
