using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using EdgeMesh.Cli.Daprd;

namespace EdgeMesh.Cli.Tests.Functions;

/// <summary>The same file that runs in the sandbox runs in <c>bindings.wasm</c> of a real daprd.</summary>
[Trait("Category", "Engines")]
public sealed class WasmBindingTests(BuiltSamples samples) : IClassFixture<BuiltSamples>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Deidentify_InDaprsWasmBinding_DoesTheSame()
    {
        using var folder = new TemporaryFolder();
        var sample = await samples.SampleAsync("deidentify");
        Directory.CreateDirectory(folder.File("resources"));
        await File.WriteAllTextAsync(folder.File("resources/wasm.yaml"), $"""
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: deidentify
            spec:
              type: bindings.wasm
              version: v1
              metadata:
                - name: url
                  value: file://{sample.ModuleFile}
            """, Cancellation);
        var port = FreePort();
        using var daprd = Start(folder.File("resources"), port);
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            await ReadyAsync(client, daprd);
            using var answer = await client.PostAsJsonAsync(
                "/v1.0/bindings/deidentify", new { operation = "execute", data = new { resourceType = "Patient", name = new[] { new { family = "Lovelace" } }, birthDate = "1815-12-10" } }, Cancellation);

            Assert.Equal("""{"birthDate":"1815","resourceType":"Patient"}""", await answer.Content.ReadAsStringAsync(Cancellation));
        }
        finally
        {
            daprd.Kill(entireProcessTree: true);
            await daprd.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static Process Start(string resources, int port)
    {
        var program = DaprPrograms.Find(DaprPrograms.Daprd);
        Assert.True(program is not null, DaprPrograms.HowToGet);
        var start = new ProcessStartInfo(program,
        [
            "--app-id", "caller", "--dapr-http-port", Text(port), "--dapr-grpc-port", Text(FreePort()), "--dapr-internal-grpc-port", Text(FreePort()), "--metrics-port", Text(FreePort()),
            "--dapr-listen-addresses", "127.0.0.1", "--resources-path", resources, "--log-level", "error",
        ]);
        start.Environment["DAPR_HOST_IP"] = "127.0.0.1";
        return Process.Start(start)!;
    }

    private static async Task ReadyAsync(HttpClient client, Process daprd)
    {
        while (true)
        {
            Assert.False(daprd.HasExited, "daprd ended instead of starting.");
            try
            {
                using var answer = await client.GetAsync("/v1.0/healthz/outbound", Cancellation);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(50, Cancellation);
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(System.Net.IPAddress.Loopback, 0);
        probe.Start();
        return ((System.Net.IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
