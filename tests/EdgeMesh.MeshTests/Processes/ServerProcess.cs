using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace EdgeMesh.MeshTests.Processes;

/// <summary>A real server for a test: its data below a temporary folder, listening on loopback, killed with everything it started.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly ConcurrentQueue<string> _said = new();
    private readonly string _folder;

    private ServerProcess(Process process, string folder, int port) => (_process, _folder, Port) = (process, folder, port);

    public int Port { get; }

    public static async Task<ServerProcess> RabbitMqAsync(CancellationToken cancellation)
    {
        var (folder, port, distribution) = (NewFolder(), FreePort(), FreePort());
        var environment = new Dictionary<string, string>
        {
            ["HOME"] = folder,
            ["RABBITMQ_NODENAME"] = $"edgemesh{port}@localhost",
            ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODE_PORT"] = port.ToString(CultureInfo.InvariantCulture),
            ["RABBITMQ_DIST_PORT"] = distribution.ToString(CultureInfo.InvariantCulture),
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "data"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(folder, "log"),
            ["RABBITMQ_PID_FILE"] = Path.Combine(folder, "pid"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "plugins"),
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        };
        await File.WriteAllTextAsync(Path.Combine(folder, "plugins"), "[].", cancellation);
        return await StartAsync(Find("/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server"), [], environment, folder, port, TimeSpan.FromSeconds(60), cancellation);
    }

    public static async Task<ServerProcess> CassandraAsync(CancellationToken cancellation)
    {
        var (folder, port, storage) = (NewFolder(), FreePort(), FreePort());
        return await StartAsync(Engine("cassandra", "start"), [folder, port.ToString(CultureInfo.InvariantCulture), storage.ToString(CultureInfo.InvariantCulture)], [], folder, port, TimeSpan.FromSeconds(120), cancellation);
    }

    public static async Task<ServerProcess> OpenSearchAsync(CancellationToken cancellation)
    {
        var (folder, port, transport) = (NewFolder(), FreePort(), FreePort());
        return await StartAsync(Engine("opensearch", "start"), [folder, port.ToString(CultureInfo.InvariantCulture), transport.ToString(CultureInfo.InvariantCulture)], [], folder, port, TimeSpan.FromSeconds(120), cancellation);
    }

    /// <summary>With exemplars; its data goes with it.</summary>
    public static async Task<ServerProcess> PrometheusAsync(string configuration, CancellationToken cancellation)
    {
        var (folder, port) = (NewFolder(), FreePort());
        string[] arguments = [$"--config.file={configuration}", $"--storage.tsdb.path={folder}", $"--web.listen-address=127.0.0.1:{port}", "--enable-feature=exemplar-storage"];
        return await StartAsync(Find("/usr/bin/prometheus", "prometheus"), arguments, [], folder, port, TimeSpan.FromSeconds(60), cancellation);
    }

    private static async Task<ServerProcess> StartAsync(
        string program, string[] arguments, Dictionary<string, string> environment, string folder, int port, TimeSpan limit, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = new Process { StartInfo = start };
        var server = new ServerProcess(process, folder, port);
        process.OutputDataReceived += (_, line) => server.Keep(line.Data);
        process.ErrorDataReceived += (_, line) => server.Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        try
        {
            await server.WaitUntilListeningAsync(limit, cancellation);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    private async Task WaitUntilListeningAsync(TimeSpan limit, CancellationToken cancellation)
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
                if (_process.HasExited || started.Elapsed > limit)
                {
                    throw new InvalidOperationException($"{_process.StartInfo.FileName} does not listen on {Port} after {started.Elapsed.TotalSeconds:0} s. It said:\n{string.Join('\n', _said.TakeLast(40))}");
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

    private static int _next = 24000 + Environment.ProcessId % 3000;

    /// <summary>Below the ephemeral range, so nobody's outgoing connection takes it before the server binds.</summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = 24000 + Interlocked.Increment(ref _next) % 8000;
            try
            {
                using var probe = new TcpListener(System.Net.IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException)
            {
                // Taken; the next one.
            }
        }
    }

    private static string Find(string place, string name)
    {
        var candidates = new[] { place }.Concat((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(p => Path.Combine(p, name)));
        return candidates.FirstOrDefault(File.Exists) ?? throw new InvalidOperationException($"'{name}' is missing: looked for {place} and on PATH. `.ci/run` shows what to install.");
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
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
