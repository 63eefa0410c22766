using System.Diagnostics;
using System.Globalization;
using System.Net;
using EdgeMesh.Tests.Servers;

namespace EdgeMesh.MeshTests.Processes;

/// <summary>Makes keyspace and table of a <c>state.cassandra</c> component before a mesh needs them. daprd does it when it opens the
/// component, within 600 ms that no setting changes: nine at once on a cold server all fail, one alone comes through after a few tries.</summary>
internal static class CassandraKeyspace
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    public static async Task MakeAsync(string component, CancellationToken cancellation)
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-keyspace-").FullName;
        try
        {
            File.Copy(component, Path.Combine(folder, Path.GetFileName(component)));
            var started = Stopwatch.StartNew();
            while (await OpenAsync(folder, cancellation) is { } failure)
            {
                Assert.True(started.Elapsed < Limit, $"daprd opened no Cassandra component within {Limit}:\n{failure}");
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Runs one daprd until the component is open; null, or what it said when it gave up.</summary>
    private static async Task<string?> OpenAsync(string resources, CancellationToken cancellation)
    {
        var port = FreePorts.Take();
        string[] arguments =
        [
            "--app-id", "keyspace", "--resources-path", resources, "--dapr-listen-addresses", "127.0.0.1", "--dapr-http-port", Text(port), "--dapr-grpc-port", Text(FreePorts.Take()),
            "--dapr-internal-grpc-port", Text(FreePorts.Take()), "--metrics-port", Text(FreePorts.Take()), "--metrics-listen-address", "127.0.0.1", "--log-level", "warn",
        ];
        var start = new ProcessStartInfo(ServerProcess.Engine("dapr", "daprd"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = resources };
        start.Environment["DAPR_HOST_IP"] = "127.0.0.1";
        using var daprd = Process.Start(start)!;
        try
        {
            var said = (Output: daprd.StandardOutput.ReadToEndAsync(cancellation), Errors: daprd.StandardError.ReadToEndAsync(cancellation));
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            while (!daprd.HasExited)
            {
                if (await IsOpenAsync(client, cancellation))
                {
                    return null;
                }

                await Task.Delay(100, cancellation);
            }

            return await said.Output + await said.Errors;
        }
        finally
        {
            daprd.Kill();
            await daprd.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static async Task<bool> IsOpenAsync(HttpClient client, CancellationToken cancellation)
    {
        try
        {
            using var answer = await client.GetAsync("/v1.0/healthz/outbound", cancellation);
            return answer.StatusCode == HttpStatusCode.NoContent;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
