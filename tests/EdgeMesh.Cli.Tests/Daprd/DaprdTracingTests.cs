using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Cli.Daprd;
using EdgeMesh.Cli.Provisioning;
using EdgeMesh.Cli.Topology;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Cli.Tests.Daprd;

/// <summary>The real daprd on the configuration that the launcher writes.</summary>
public sealed partial class DaprdTracingTests
{
    private const string Taken = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string NotTaken = "00f067aa0ba902b74bf92f3577b34da6";
    private const string TakenLater = "a3ce929d0e0e47364bf92f3577b34da6";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    [Trait("Category", "Engines")]
    public async Task Sidecar_OfATraceThatIsTaken_SendsItsSpansToTheMonitor_AndOfOthersNone()
    {
        using var folder = new TemporaryFolder();
        var bodies = new ConcurrentQueue<byte[]>();
        await using var monitor = await MonitorAsync(bodies);
        var (config, resources) = Write(folder, new Uri(monitor.Urls.First()).Port);
        var port = FreePort();
        using var daprd = Start(config, resources, port);
        try
        {
            using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, ActivityHeadersPropagator = null }) { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            await UntilAsync(async () => (await client.GetAsync("/v1.0/healthz/outbound", Cancellation)).IsSuccessStatusCode);
            await CallAsync(client, Taken, "01");
            await CallAsync(client, NotTaken, "00");
            await CallAsync(client, TakenLater, "01");

            await UntilAsync(() => Task.FromResult(Has(bodies, Taken) && Has(bodies, TakenLater)));

            Assert.False(Has(bodies, NotTaken));
        }
        finally
        {
            daprd.Kill();
            await daprd.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task<WebApplication> MonitorAsync(ConcurrentQueue<byte[]> bodies)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration["urls"] = "http://127.0.0.1:0";
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapPost("/v1/traces", (RequestDelegate)(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            bodies.Enqueue(body.ToArray());
        }));
        await app.StartAsync(Cancellation);
        return app;
    }

    /// <summary>As the launcher writes it, but for the port, which other tests may have.</summary>
    private static (string Config, string Resources) Write(TemporaryFolder folder, int port)
    {
        var place = TestMesh.In(folder).On(MeshPlace.Daprd, null);
        MeshProvisioner.Provision(place);
        var site = place.Topology.Sites[0];
        DaprdFiles.Write(place, site);
        var config = DaprdFiles.Configuration(place, site);
        var text = File.ReadAllText(config);
        var there = Endpoint().Match(text);
        Assert.Equal(place.Topology.Binding(site, "monitor", "otlp-http").ToString(CultureInfo.InvariantCulture), there.Groups["port"].Value);
        File.WriteAllText(config, text.Replace(there.Value, $"endpointAddress: \"127.0.0.1:{port}\"", StringComparison.Ordinal));
        return (config, Directory.CreateDirectory(folder.File("resources")).FullName);
    }

    private static Process Start(string config, string resources, int port)
    {
        var start = new ProcessStartInfo(
            DaprPrograms.Find(DaprPrograms.Daprd) ?? throw new InvalidOperationException($"daprd is missing. {DaprPrograms.HowToGet}"),
            [
                "--app-id", "records", "--config", config, "--resources-path", resources, "--dapr-http-port", $"{port}", "--dapr-grpc-port", $"{FreePort()}", "--dapr-listen-addresses", "127.0.0.1",
                "--dapr-internal-grpc-port", $"{FreePort()}", "--dapr-internal-grpc-listen-address", "127.0.0.1", "--metrics-port", $"{FreePort()}", "--metrics-listen-address", "127.0.0.1", "--log-level", "error",
            ]);
        (start.Environment["NAMESPACE"], start.Environment["DAPR_HOST_IP"]) = ("core", "127.0.0.1");
        return Process.Start(start)!;
    }

    /// <summary>Nobody of that name is there; that the sidecar was asked is what it tells of.</summary>
    private static async Task CallAsync(HttpClient client, string trace, string flags)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1.0/invoke/nobody/method/x");
        request.Headers.Add("traceparent", $"00-{trace}-00f067aa0ba902b7-{flags}");
        using var answer = await client.SendAsync(request, Cancellation);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
    }

    private static bool Has(IEnumerable<byte[]> bodies, string trace) => bodies.Any(b => b.AsSpan().IndexOf(Convert.FromHexString(trace)) >= 0);

    private static async Task UntilAsync(Func<Task<bool>> isSo)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await TryAsync(isSo))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Limit, $"not so after {Limit.TotalSeconds:0} s");
            await Task.Delay(100, Cancellation);
        }
    }

    private static async Task<bool> TryAsync(Func<Task<bool>> isSo)
    {
        try
        {
            return await isSo();
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex("endpointAddress: \"127\\.0\\.0\\.1:(?<port>[0-9]+)\"")]
    private static partial Regex Endpoint();
}
