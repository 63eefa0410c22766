using System.Collections;
using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar;

/// <summary>The sidecar as a process of its own, started with daprd's flags.</summary>
public static class SidecarCommandLine
{
    private const int Done = 0;
    private const int Failed = 1;
    private const int WrongUsage = 2;

    /// <summary>As a program of Go ends by SIGQUIT.</summary>
    private const int Quit = 2;

    /// <summary>SIGUSR1 and SIGUSR2, as Linux numbers them.</summary>
    private const int FirstOfUsers = 10, SecondOfUsers = 12;

    private const string Help = """
        edgemesh sidecar: the Dapr API of one app, or of all apps of a run file, in one small process, with daprd's flags.

          edgemesh sidecar --app-id orders --app-port 5000 --resources-path ./components

          --app-id NAME                    the app's Dapr id (needed)
          --run-file FILE, -f FILE         in its place: every app of a Dapr run file (dapr.yaml) gets its sidecar from this one process
          --app-port PORT                  where the app listens; leave it out for an app that only calls
          --app-channel-address ADDRESS    on which address (127.0.0.1)
          --app-protocol PROTOCOL          http (default), https, h2c, grpc or grpcs
          --dapr-http-port PORT            the HTTP API (3500); 0 takes a free port
          --dapr-grpc-port PORT            the gRPC API (50001); 0 takes a free port
          --dapr-listen-addresses ADDRESS  where both listen (127.0.0.1); several with commas
          --unix-domain-socket FOLDER      in place of both ports: FOLDER/dapr-NAME-http.socket and dapr-NAME-grpc.socket
          --dapr-public-port PORT          health and metadata without a token; without it none (--dapr-public-listen-address)
          --allowed-origins ORIGINS        pages that may call the HTTP API from a browser: *, or addresses with commas
          --resources-path PATH            a folder of resources (Component, Subscription, Resiliency, HTTPEndpoint); may be repeated
          --config PATH                    a Configuration resource; may be repeated
          --dapr-internal-grpc-port PORT   for other sidecars of the machine, with a name resolution in --config (--dapr-internal-grpc-listen-address)
          --enable-mtls                    mutual TLS with other sidecars, daprds too; needs --sentry-address HOST:PORT and the trust anchors
                                           (--control-plane-trust-domain, --control-plane-namespace: where sentry is, if not localhost and default)
          --metrics-port PORT              Prometheus' text; without it none
          --enable-app-health-check        probe the app (--app-health-check-path, -probe-interval, -probe-timeout, -threshold)
          --app-max-concurrency N          calls and messages at the app at a time
          --max-body-size SIZE             the largest request body (4Mi)
          --read-buffer-size SIZE          the largest request line and headers (32Ki)
          --dapr-block-shutdown-duration D go on for so long when told to stop, or until the app is unhealthy
          --dapr-graceful-shutdown-seconds N   how long calls in flight may take to end (5)
          --enable-api-logging             a line in the log for each call of the API
          --log-level LEVEL, --log-as-json, --log-file FILE
          --wait                           wait until the sidecar on --dapr-http-port takes calls, at most a minute
          --version, --build-info

        Environment: NAMESPACE, DAPR_API_TOKEN (what callers send), APP_API_TOKEN (what the app is sent), DAPR_HOST_IP (where other sidecars
        find this one), DAPR_TRUST_ANCHORS (certificates in PEM) or DAPR_TRUST_ANCHORS_FILE, SENTRY_LOCAL_IDENTITY (who
        the app is in its certificate, if not NAME), DAPR_COMPONENTS_SOCKETS_FOLDER.
        Flags of daprd that need no place here (placement, scheduler, profiling port …) are taken without effect;
        those that ask for what this engine lacks are refused by name.
        Ends with 0 when stopped, 1 when it could not start or serve or was stopped in a hurry, 2 when a flag is not known or refused, or its value is none of its kind.
        """;

    /// <summary>Runs until SIGTERM, Ctrl-C or a shutdown by the API, and returns the exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> args)
    {
        using var stop = new CancellationTokenSource();
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "", StringComparer.Ordinal);
        var hangUps = new CommandLine.HangUps();
        using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
        {
            signal.Cancel = true;
            hangUps.Ask();
        });
        using var quit = PosixSignalRegistration.Create(PosixSignal.SIGQUIT, _ => Environment.Exit(Quit));
        using var first = Ignore(FirstOfUsers);
        using var second = Ignore(SecondOfUsers);
        return await RunAsync(args, environment, Console.Out, Console.Error, hangUps, stop.Token);

        // As daprd: what tools send to look at a process must not end it.
        static PosixSignalRegistration? Ignore(int signal) => OperatingSystem.IsLinux() ? PosixSignalRegistration.Create((PosixSignal)signal, context => context.Cancel = true) : null;

        void Stop(PosixSignalContext signal)
        {
            // The process ends when its work has, and not at once; as with daprd at once when it is told again.
            signal.Cancel = true;
            if (stop.IsCancellationRequested)
            {
                Environment.Exit(Failed);
            }

            stop.Cancel();
        }
    }

    internal static Task<int> RunAsync(IReadOnlyList<string> args, IReadOnlyDictionary<string, string> environment, TextWriter output, TextWriter error, CancellationToken stop) =>
        RunAsync(args, environment, output, error, new CommandLine.HangUps(), stop);

    internal static async Task<int> RunAsync(
        IReadOnlyList<string> args, IReadOnlyDictionary<string, string> environment, TextWriter output, TextWriter error, CommandLine.HangUps hangUps, CancellationToken stop)
    {
        var flags = CommandLine.FlagReader.Read(args);
        if (flags.Is("help") || flags.Is("version") || flags.Is("build-info"))
        {
            await output.WriteLineAsync(flags.Is("help") ? Help : (flags.Is("version") ? "" : "Version: ") + BuildingBlocks.Metadata.MetadataBlock.Version);
            return Done;
        }

        var isMistaken = flags.Faults.Count > 0;
        if (flags.Is("wait") && !isMistaken)
        {
            return await CommandLine.ReadyWait.RunAsync(flags, output, stop) ? Done : Failed;
        }

        var settings = Settings(flags, environment);
        if (settings is null)
        {
            await error.WriteLineAsync(string.Join(Environment.NewLine, flags.Faults));
            return isMistaken ? WrongUsage : Failed;
        }

        try
        {
            await using var file = settings.LogFile is { } path ? new StreamWriter(path, append: true) { AutoFlush = true } : null;
            using var log = new CommandLine.SidecarLog(file ?? output, settings);
            using var loggers = Loggers(settings, log);
            while (true)
            {
                if (await ServeAsync(settings, loggers, log, hangUps, stop) is var end and not CommandLine.ServingEnd.Again)
                {
                    return end == CommandLine.ServingEnd.InTime ? Done : Failed;
                }

                // The log goes on as it was begun.
                settings = Settings(flags, environment) ?? throw new SidecarConfigurationException(flags.Faults);
            }
        }
        catch (Exception failure) when (failure is SidecarConfigurationException or IOException or UnauthorizedAccessException or System.Net.Sockets.SocketException)
        {
            await error.WriteLineAsync(failure.Message);
            return Failed;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return Done;
        }
    }

    /// <summary>Null when there are faults; they are the flags'.</summary>
    private static CommandLine.SidecarSettings? Settings(CommandLine.FlagReader flags, IReadOnlyDictionary<string, string> environment) =>
        flags["run-file"] is null ? CommandLine.SidecarSettings.From(flags, environment) : CommandLine.RunFiles.RunFile.Read(flags, environment);

    private static ILoggerFactory Loggers(CommandLine.SidecarSettings settings, CommandLine.SidecarLog log) => LoggerFactory.Create(logging =>
    {
        logging.SetMinimumLevel(settings.LogLevel);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("Grpc", LogLevel.Warning);
        logging.AddProvider(log);
    });

    private static async Task<CommandLine.ServingEnd> ServeAsync(CommandLine.SidecarSettings settings, ILoggerFactory loggers, CommandLine.SidecarLog log, CommandLine.HangUps hangUps, CancellationToken stop)
    {
        hangUps.Forget();
        await CommandLine.PortWait.RunAsync(settings.Options, log, stop);
        var host = await SidecarHost.StartAsync(settings.Options, loggers, stop);
        await using (host)
        {
            using var watching = hangUps.Watch(host);
            foreach (var app in settings.Options.Apps.Select(a => a.AppId))
            {
                log.Say($"dapr initialized. Status: Running. app id: {app}; HTTP {Text(host.HttpEndpoint(app))}; gRPC {Text(host.GrpcEndpoint(app))}");
            }

            using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, host.Stopping);
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            await using var registration = either.Token.Register(ended.SetResult);
            await ended.Task;
            await BlockAsync(settings, host, log);
            log.Say("stopping: finishing calls in flight");
        }

        if (host.IsCutOff)
        {
            log.Say($"calls in flight took more than {settings.Options.ShutdownTimeout.TotalSeconds:0} s and were cut off (--dapr-graceful-shutdown-seconds)");
        }

        return hangUps.IsAsked && !stop.IsCancellationRequested ? CommandLine.ServingEnd.Again : host.IsCutOff ? CommandLine.ServingEnd.CutOff : CommandLine.ServingEnd.InTime;

        static string Text(Uri endpoint) => endpoint.ToString().TrimEnd('/');
    }

    /// <summary>The apps are still doing their last work, and need their sidecar for it. As with daprd they get no new messages and events
    /// meanwhile; who asks for the end by the API does not want this.</summary>
    private static async Task BlockAsync(CommandLine.SidecarSettings settings, SidecarHost host, CommandLine.SidecarLog log)
    {
        if (settings.BlockShutdown is not { } block || host.Stopping.IsCancellationRequested)
        {
            return;
        }

        log.Say($"blocking shutdown for {block} or until the app reports unhealthy");

        // Waited for with all else that ends: an app that has a message in hand for long holds nothing up.
        _ = host.EndInflowAsync();
        var clock = settings.Options.Clock;
        var began = clock.GetTimestamp();
        while (clock.GetElapsedTime(began) < block && !host.Stopping.IsCancellationRequested && settings.Options.Apps.Any(a => host.IsHealthy(a.AppId)))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), clock);
        }
    }
}
