using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace EdgeMesh.Sidecar.Tests.State;

/// <summary>The real daprd, with app id <c>alpha</c>, in the namespace and folder of a test's own sidecar.</summary>
internal sealed class Daprd : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;

    private Daprd(Process process, Uri http) => (_process, _output, Http) = (process, process.StandardOutput.ReadToEndAsync(), new HttpClient { BaseAddress = http });

    public HttpClient Http { get; }

    public static async Task<Daprd> StartAsync(string folder)
    {
        var ports = FreePorts(5);
        var start = new ProcessStartInfo(Find()) { WorkingDirectory = folder, RedirectStandardOutput = true };
        string[] arguments =
        [
            "--app-id", "alpha", "--resources-path", folder, "--dapr-listen-addresses", "127.0.0.1", "--dapr-http-port", ports[0], "--dapr-grpc-port", ports[1],
            "--dapr-internal-grpc-port", ports[2], "--metrics-port", ports[3], "--dapr-public-port", ports[4], "--metrics-listen-address", "127.0.0.1",
            "--dapr-internal-grpc-listen-address", "127.0.0.1", "--log-level", "warn",
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        (start.Environment["NAMESPACE"], start.Environment["DAPR_HOST_IP"]) = ("core", "127.0.0.1");
        var daprd = new Daprd(Process.Start(start)!, new Uri($"http://127.0.0.1:{ports[0]}"));
        await daprd.WaitAsync();
        return daprd;
    }

    private async Task WaitAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestSidecar.Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                if (await Http.GetAsync("/v1.0/healthz", limit.Token).StatusAsync() == 204)
                {
                    return;
                }
            }
            catch (HttpRequestException) when (!_process.HasExited)
            {
                // Not listening yet.
            }
            catch (HttpRequestException)
            {
                throw new InvalidOperationException("daprd did not start:\n" + await _output);
            }

            await Task.Delay(50, limit.Token);
        }
    }

    private static string Find()
    {
        var places = new[] { Environment.GetEnvironmentVariable("EDGEMESH_ENGINES") is { Length: > 0 } engines ? Path.Combine(engines, "dapr", "daprd") : "" }
            .Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(p => Path.Combine(p, "daprd")));
        return places.FirstOrDefault(File.Exists) ?? throw new InvalidOperationException("'daprd' is missing: set EDGEMESH_ENGINES to the folder of the engines, or put it on PATH.");
    }

    private static string[] FreePorts(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToArray();
        Array.ForEach(listeners, l => l.Start());
        var ports = listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture)).ToArray();
        Array.ForEach(listeners, l => l.Stop());
        return ports;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }
}
