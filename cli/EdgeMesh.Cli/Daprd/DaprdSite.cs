using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Sites;
using EdgeMesh.Cli.Terminal;
using EdgeMesh.Cli.Topology;
using EdgeMesh.Cli.Up;
using Microsoft.Extensions.Configuration;

namespace EdgeMesh.Cli.Daprd;

/// <summary>A site on real sidecars: each service a process with a daprd of its own, and a sentry that gives those of this site their
/// certificates. Each is started again when it dies; all end with this process, however it ends.</summary>
internal sealed class DaprdSite(MeshPlace place, SiteDefinition site, Screen screen)
{
    private const string TrustDomain = "localhost";
    private const string Loopback = "127.0.0.1";

    /// <summary>Runs "$@" until it ends or its standard input does: a child that knows nothing of that rule ends with its parent. What watches
    /// the input may outlive the child, and must not hold what the child writes to: whoever reads that would wait for it.</summary>
    internal const string Leash = """exec 3<&0; "$@" </dev/null & child=$!; { cat <&3 >/dev/null 2>&1; kill -TERM $child 2>/dev/null; } & watch=$!; wait $child; code=$?; kill $watch 2>/dev/null; exit $code""";

    private static readonly TimeSpan SentryLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(50);

    private readonly TimeProvider clock = TimeProvider.System;
    private readonly IConfiguration environment = new ConfigurationBuilder().AddEnvironmentVariables().Build();

    public static async Task<int> RunAsync(MeshPlace place, SiteDefinition site, Screen screen, CancellationToken cancellation)
    {
        if (DaprPrograms.Missing(ControlPlane.IsNeeded(site)) is { Count: > 0 } missing)
        {
            return screen.Fail($"--engine daprd needs {string.Join(" and ", missing)}.", DaprPrograms.HowToGet);
        }

        DaprdFiles.Write(place, site);
        return await new DaprdSite(place, site, screen).RunAsync(cancellation);
    }

    private async Task<int> RunAsync(CancellationToken cancellation)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var sentry = Keep("sentry", SentryCommand(), []).RunAsync(ending.Token);
        if (await AuthorityAsync(cancellation) is not { } authority)
        {
            await ending.CancelAsync();
            await sentry;
            return cancellation.IsCancellationRequested ? ExitCode.Done : screen.Fail("sentry made no certificate authority.", "Its lines above say why.");
        }

        var kept = ActorsControl().Concat(site.Services.SelectMany(service => Keep(service, authority))).ToList();
        await Task.WhenAll([sentry, .. kept.Select(p => p.RunAsync(ending.Token))]);
        return ExitCode.Done;
    }

    private IEnumerable<KeptProcess> ActorsControl() => ControlPlane.IsNeeded(site)
        ? [Keep("placement", ControlPlane.PlacementCommand(place, site, TrustDomain), []), Keep("scheduler", ControlPlane.SchedulerCommand(place, site, TrustDomain), [])]
        : [];

    private IEnumerable<KeptProcess> Keep(string service, string authority)
    {
        var (api, app) = (NewToken(), NewToken());
        Dictionary<string, string> tokens = new() { ["DAPR_API_TOKEN"] = api, ["APP_API_TOKEN"] = app };
        var sidecar = Keep($"{service}-daprd", DaprdCommand(service), [.. tokens, new("DAPR_TRUST_ANCHORS", authority), new("NAMESPACE", site.Name), new("DAPR_HOST_IP", Loopback)]);

        // A daprd that outlives its service gives back to the broker what the service had in hand, and may be sent it again for the subscription that has
        // just ended: there it would stay as long as the connection. So it ends too.
        yield return Keep(service, ServiceCommand(service), [.. tokens, .. Settings(service)], sidecar.Kill);
        yield return sidecar;
    }

    private KeptProcess Keep(string name, IReadOnlyList<string> command, IReadOnlyList<KeyValuePair<string, string>> environment, Action? ended = null)
    {
        ProcessStartInfo Start()
        {
            var info = new ProcessStartInfo("/bin/sh") { WorkingDirectory = place.Data.Site(site.Name) };
            foreach (var argument in (IEnumerable<string>)["-c", Leash, name, .. command])
            {
                info.ArgumentList.Add(argument);
            }

            foreach (var (key, value) in environment)
            {
                info.Environment[key] = value;
            }

            return info;
        }

        return new(name, Start, clock, (_, line) => screen.Line(line.StartsWith('{') ? line : $"{site.Name}/{name} {line}"), ended);
    }

    /// <summary>The certificate authority that sentry makes at its first start; null when it does not.</summary>
    private async Task<string?> AuthorityAsync(CancellationToken cancellation)
    {
        var file = Path.Combine(DaprdFiles.Credentials(place, site), "ca.crt");
        var started = clock.GetTimestamp();
        while (!File.Exists(file) || new FileInfo(file).Length == 0)
        {
            if (clock.GetElapsedTime(started) > SentryLimit || cancellation.IsCancellationRequested)
            {
                return null;
            }

            await Task.Delay(LookEvery, clock, CancellationToken.None);
        }

        return await File.ReadAllTextAsync(file, CancellationToken.None);
    }

    private IEnumerable<KeyValuePair<string, string>> Settings(string service) =>
        SiteSettings.ForProcess(place, site, service, environment).Select(s => new KeyValuePair<string, string>(s.Key.Replace(":", "__", StringComparison.Ordinal), s.Value ?? ""));

    /// <summary>Every service is built beside this program.</summary>
    private string[] ServiceCommand(string service) =>
        ["dotnet", Path.Combine(AppContext.BaseDirectory, Path.GetFileNameWithoutExtension(place.Topology.Service(service).Project) + ".dll")];

    private string[] SentryCommand()
    {
        var port = place.Topology.SentryPort(site);
        return
        [
            DaprPrograms.Find(DaprPrograms.Sentry)!, "--issuer-credentials", DaprdFiles.Credentials(place, site), "--config", DaprdFiles.Configuration(place, site),
            "--trust-domain", TrustDomain, "--port", Number(port), "--listen-address", Loopback, "--healthz-port", Number(port + 1), "--healthz-listen-address", Loopback,
            "--metrics-port", Number(port + 2), "--metrics-listen-address", Loopback, "--log-as-json", "--log-level", "warn",
        ];
    }

    private string[] DaprdCommand(string service)
    {
        var topology = place.Topology;
        return
        [
            DaprPrograms.Find(DaprPrograms.Daprd)!, "--app-id", service, "--app-port", Number(topology.AppPort(site, service)), "--app-channel-address", Loopback,
            "--dapr-http-port", Number(topology.SidecarHttpPort(site, service)), "--dapr-grpc-port", Number(topology.SidecarGrpcPort(site, service)), "--dapr-listen-addresses", Loopback,
            "--dapr-internal-grpc-port", Number(topology.SidecarInternalPort(site, service)), "--dapr-internal-grpc-listen-address", Loopback,
            "--metrics-port", Number(topology.SidecarMetricsPort(site, service)), "--metrics-listen-address", Loopback,
            "--resources-path", DaprdFiles.Resources(place, site), "--config", DaprdFiles.Configuration(place, site),
            "--enable-mtls", "--sentry-address", $"{Loopback}:{Number(topology.SentryPort(site))}", "--control-plane-trust-domain", TrustDomain,
            "--log-as-json", "--log-level", "warn", .. ControlPlane.HostsActors(site, service) ? ControlPlane.SidecarFlags(place, site) : [],
        ];
    }

    private static string NewToken() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
