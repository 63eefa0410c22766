using System.Diagnostics;
using System.Globalization;

namespace EdgeMesh.LoadTests.Engines;

/// <summary>An OpenSearch of its own, below a temporary folder.</summary>
internal sealed class OpenSearchProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private readonly Process _process;

    private OpenSearchProcess(Process process, int port) => (_process, Url) = (process, new Uri($"http://127.0.0.1:{port}"));

    public Uri Url { get; }

    /// <summary>The program that starts it, below <c>EDGEMESH_ENGINES</c>; null when it is not there.</summary>
    public static string? Find()
    {
        var start = Path.Combine((string?)Environment.GetEnvironmentVariables()["EDGEMESH_ENGINES"] ?? "/nonexistent", "opensearch", "start");
        return File.Exists(start) ? start : null;
    }

    public static async Task<OpenSearchProcess> StartAsync(string program, string folder, CancellationToken cancellation)
    {
        var port = SidecarProcess.FreePort();
        string[] arguments = [folder, port.ToString(CultureInfo.InvariantCulture), SidecarProcess.FreePort().ToString(CultureInfo.InvariantCulture)];
        var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        var server = new OpenSearchProcess(process, port);
        using var client = new HttpClient();
        var started = Stopwatch.StartNew();
        while (!await AnswersAsync(client, server.Url, cancellation))
        {
            if (process.HasExited || started.Elapsed > StartLimit)
            {
                await server.DisposeAsync();
                throw new InvalidOperationException("OpenSearch did not start.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, cancellation);
        }

        return server;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static async Task<bool> AnswersAsync(HttpClient client, Uri url, CancellationToken cancellation)
    {
        try
        {
            return (await client.GetAsync(new Uri(url, "_cluster/health?wait_for_status=yellow&timeout=5s"), cancellation)).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
