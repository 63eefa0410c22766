using System.CommandLine;
using System.Runtime.InteropServices;
using EdgeMesh.Cli.Daprd;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Sites;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Sidecar;

namespace EdgeMesh.Cli.Commands;

/// <summary><c>edgemesh site NAME</c>: one site in this process. <c>up</c> starts one for each site.</summary>
internal sealed class SiteCommand : MeshCommand
{
    public const string CommandName = "site";

    private readonly Argument<string> name = new("NAME") { Description = "A site of the topology" };
    private readonly Option<DirectoryInfo?> components = UpCommand.ComponentsOption();
    private readonly Option<string> engine = UpCommand.EngineOption();
    private readonly Option<string> logs = new("--logs") { Description = "text for people, json for programs, auto: by where the output goes", DefaultValueFactory = _ => "auto" };
    private readonly Option<bool> attached = new("--attached") { Description = "Ends when its standard input closes", Hidden = true };

    private readonly MeshOptions options;
    private readonly Screen screen;

    public SiteCommand(MeshOptions options, Screen screen)
        : base(CommandName, "Runs one site in this process: its sidecar and every service of it", "site clinic-a", "site core --data-dir /var/lib/edgemesh")
    {
        this.options = options;
        this.screen = screen;
        Add(name);
        Add(engine);
        Add(components);
        logs.AcceptOnlyFromAmong("auto", "text", "json");
        Add(logs);
        Add(attached);
        SetAction(RunAsync);
    }

    private async Task<int> RunAsync(ParseResult parse, CancellationToken cancellation)
    {
        if (options.Read(parse, screen) is not { } place)
        {
            return ExitCode.Failed;
        }

        if (place.Topology.FindSite(parse.GetRequiredValue(name)) is not { } site)
        {
            return screen.NoSuchSite(parse.GetRequiredValue(name), place.Topology);
        }

        place = place.On(parse.GetRequiredValue(engine), parse.GetValue(components)?.FullName);
        if (!File.Exists(place.Data.Secrets(site.Name)))
        {
            return screen.Fail($"{site.Name} has no keys in {place.Data.Path}.", "Make them with ./edgemesh keys, or let ./edgemesh up do it.");
        }

        using var owner = FolderLock.TryTake(place.Data.SiteLock(site.Name));
        if (owner is null)
        {
            return screen.Fail($"{site.Name} runs already with {place.Data.Path}: two processes can't own one site's data.", "Stop the other (./edgemesh down), or give this one a --data-dir of its own.");
        }

        using var stop = new StopSignals(parse.GetValue(attached), cancellation);
        if (place.Engine == MeshPlace.Daprd)
        {
            return await DaprdSite.RunAsync(place, site, screen, stop.Token);
        }

        try
        {
            await using var host = await SiteHost.StartAsync(place, site, parse.GetRequiredValue(logs), stop.Token);
            using var memory = MemoryAtRest.Start(TimeProvider.System);
            await stop.WaitAsync();
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            // Told to stop while it was starting.
        }
        catch (Exception e) when (e is SidecarConfigurationException or InvalidOperationException or InvalidDataException or IOException)
        {
            return screen.Fail($"{site.Name} can't start: {e.Message}", $"Mend {place.Topology.File} or the components in {place.Components}, and start again.");
        }

        return ExitCode.Done;
    }

    /// <summary>When to stop: SIGTERM and Ctrl-C; or, attached, when whoever started this process closes its input or dies.
    /// An attached site leaves Ctrl-C to <c>up</c>, which gets it too and stops its sites in order.</summary>
    private sealed class StopSignals : IDisposable
    {
        private readonly CancellationTokenSource source;
        private readonly List<PosixSignalRegistration> signals = [];

        public StopSignals(bool attached, CancellationToken command)
        {
            source = attached ? new() : CancellationTokenSource.CreateLinkedTokenSource(command);
            if (!attached)
            {
                return;
            }

            signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true));
            signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
            {
                context.Cancel = true;
                source.Cancel();
            }));
            _ = WatchInputAsync();
        }

        public CancellationToken Token => source.Token;

        public async Task WaitAsync()
        {
            var stopped = new TaskCompletionSource();
            await using var registration = source.Token.Register(() => stopped.TrySetResult());
            await stopped.Task;
        }

        public void Dispose()
        {
            signals.ForEach(s => s.Dispose());
            source.Dispose();
        }

        private async Task WatchInputAsync()
        {
            await using var input = Console.OpenStandardInput();
            var buffer = new byte[16];
            while (await input.ReadAsync(buffer, CancellationToken.None) > 0)
            {
                // Nobody says anything here; only the end counts.
            }

            await source.CancelAsync();
        }
    }
}
