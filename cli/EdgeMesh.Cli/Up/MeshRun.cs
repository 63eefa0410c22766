using System.Globalization;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Links;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Sites;
using EdgeMesh.Cli.Topology;

namespace EdgeMesh.Cli.Up;

/// <summary>A mesh that runs on this machine: its links, its site processes, and the door by which other commands reach it.</summary>
internal sealed class MeshRun(MeshPlace place, TimeProvider clock, Action<string, string> log, string logs = "json") : IAsyncDisposable
{
    private static readonly TimeSpan ProbeEvery = TimeSpan.FromMilliseconds(100);

    private readonly MeshProbe probe = new(place.Topology);
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<KeptProcess> sites = [];
    private readonly HashSet<string> seenReady = [];
    private LinkTable? links;
    private ControlServer? control;
    private Task running = Task.CompletedTask;

    /// <summary>Ends when <c>edgemesh down</c> asks.</summary>
    public Task Asked => asked.Task;

    /// <summary>Starts everything. The caller holds <see cref="DataFolder.UpLock"/> and has found the ports free.</summary>
    public void Start()
    {
        links = LinkTable.Start(place.Topology, clock);
        foreach (var site in place.Topology.Sites)
        {
            sites.Add(new(site.Name, () => SiteHeap.Give(SelfProcess.StartInfo(Arguments(site))), clock, log, givesUp: true));
        }

        running = Task.WhenAll(sites.Select(s => s.RunAsync(stopping.Token)));
        control = ControlServer.Start(place.Data, AnswerAsync);
        new UpState(Environment.ProcessId, control.Path, place.Topology.PortShift, place.Engine).Write(place.Data);
    }

    public async Task<MeshStatus> StatusAsync(CancellationToken cancellation)
    {
        var states = await Task.WhenAll(place.Topology.Sites.Select(s => StatusOfAsync(s, cancellation)));
        return new(states, [.. links!.States]);
    }

    /// <summary>True when every service of every site said it is ready before the limit.</summary>
    public async Task<bool> WaitUntilReadyAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var started = clock.GetTimestamp();
        while (clock.GetElapsedTime(started) < limit)
        {
            if ((await StatusAsync(cancellation)).Sites.All(s => s.State == "ready"))
            {
                return true;
            }

            if (sites.Any(s => s.HasGivenUp))
            {
                return false;
            }

            await Task.Delay(ProbeEvery, clock, cancellation);
        }

        return false;
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        if (links is not null)
        {
            await links.DisposeAsync();
        }

        if (control is not null)
        {
            await control.DisposeAsync();
        }

        File.Delete(place.Data.UpState);
        probe.Dispose();
        stopping.Dispose();
    }

    private string[] Arguments(SiteDefinition site) =>
    [
        SiteCommand.CommandName, site.Name, "--attached", "--topology", place.Topology.File, "--data-dir", place.Data.Path,
        "--port-shift", place.Topology.PortShift.ToString(CultureInfo.InvariantCulture), "--components", place.Components, "--logs", logs, "--engine", place.Engine,
    ];

    private async Task<SiteStatus> StatusOfAsync(SiteDefinition site, CancellationToken cancellation)
    {
        var process = sites.First(s => s.Name == site.Name);
        var services = await probe.AskSiteAsync(site, cancellation);
        var isReady = services.All(s => s.Ready) && process.Pid is not null;
        lock (seenReady)
        {
            if (isReady)
            {
                seenReady.Add(site.Name);
            }

            var state = isReady ? "ready" : process.HasGivenUp ? "failed" : seenReady.Contains(site.Name) || process.Restarts > 0 ? "restarting" : "starting";
            return new(site.Name, state, place.Topology.PublicUrl(site).ToString().TrimEnd('/'), process.Pid, process.Restarts, services);
        }
    }

    private async Task<ControlAnswer> AnswerAsync(ControlRequest request, CancellationToken cancellation)
    {
        switch (request.Command)
        {
            case "status":
                return new(true, Status: await StatusAsync(cancellation));
            case "down":
                asked.TrySetResult();
                return new(true);
            case "link":
                return ChangeLink(request);
            default:
                return new(false, $"the running mesh does not know '{request.Command}'", "It was started by another version: ./edgemesh down, then up.");
        }
    }

    private ControlAnswer ChangeLink(ControlRequest request)
    {
        Action<LinkRelay>? change = request.Action switch
        {
            "cut" => relay => relay.Cut(),
            "restore" => relay =>
            {
                relay.Delay = TimeSpan.Zero;
                relay.Restore();
            },
            "slow" => relay => relay.Delay = TimeSpan.FromMilliseconds(Math.Clamp(request.DelayMs, 0, 60_000)),
            _ => null,
        };
        if (change is null)
        {
            return new(false, $"a link can't be '{request.Action}'", "Use cut, restore or slow.");
        }

        if (!links!.Change(request.A ?? "", request.B ?? "", change))
        {
            var known = string.Join(", ", place.Topology.Links.Select(l => $"{l.A} {l.B}"));
            return new(false, $"no link joins '{request.A}' and '{request.B}'", $"Links: {known}.");
        }

        log(request.A!, $"link to {request.B}: {request.Action}{(request.Action == "slow" ? $" {request.DelayMs} ms" : "")}");
        return new(true);
    }
}
