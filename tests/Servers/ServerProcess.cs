using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace EdgeMesh.Tests.Servers;

/// <summary>A real server for a test: its data below a temporary folder, listening on loopback, killed with everything it started. It may
/// be stopped and started again with its data and port.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private readonly Func<ProcessStartInfo> _start;
    private readonly string _folder;
    private readonly TimeSpan _limit;
    private readonly ConcurrentQueue<string> _said = new();
    private Process? _process;

    private ServerProcess(Func<ProcessStartInfo> start, string folder, int port, TimeSpan limit) => (_start, _folder, Port, _limit) = (start, folder, port, limit);

    public int Port { get; }

    private static async Task<ServerProcess> StartAsync(
        string program, string[] arguments, Dictionary<string, string> environment, string folder, int port, TimeSpan limit, CancellationToken cancellation)
    {
        var server = new ServerProcess(Start, folder, port, limit);
        await server.StartAsync(cancellation);
        return server;

        ProcessStartInfo Start()
        {
            var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
            foreach (var (name, value) in environment)
            {
                start.Environment[name] = value;
            }

            return start;
        }
    }

    /// <summary>Starts it, at first or after <see cref="KillAsync"/>; returns when it listens.</summary>
    public async Task StartAsync(CancellationToken cancellation)
    {
        var process = _process = new Process { StartInfo = _start() };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await WaitUntilListeningAsync(process, cancellation);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>As a crash: nothing is told to it.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    private async Task WaitUntilListeningAsync(Process process, CancellationToken cancellation)
    {
        var started = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync("127.0.0.1", Port, cancellation);
                return;
            }
            catch (SocketException)
            {
                if (process.HasExited || started.Elapsed > _limit)
                {
                    throw new InvalidOperationException($"{process.StartInfo.FileName} does not listen on {Port} after {started.Elapsed.TotalSeconds:0} s. It said:\n{string.Join('\n', _said.TakeLast(40))}");
                }
            }

            await Task.Delay(200, cancellation);
        }
    }

    private void Keep(string? line)
    {
        if (line is not null && _said.Count < 1000)
        {
            _said.Enqueue(line);
        }
    }

    /// <summary>A program below the folder that <c>EDGEMESH_ENGINES</c> names, else on PATH.</summary>
    public static string Engine(string folder, string name) =>
        Find(Path.Combine(Environment.GetEnvironmentVariable("EDGEMESH_ENGINES") ?? "", folder, name), name == "start" ? $"{folder}-start" : name);

    private static string NewFolder() => Directory.CreateTempSubdirectory("edgemesh-server-").FullName;

    private static string Find(string place, string name)
    {
        var candidates = new[] { place }.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(p => Path.Combine(p, name)));
        return candidates.FirstOrDefault(File.Exists) ?? throw new InvalidOperationException($"'{name}' is missing: looked for {place} and on PATH. `.ci/run` shows what to install.");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
            // A child that is still dying writes into it; the temporary folder is cleaned by its owner.
        }
    }
}
