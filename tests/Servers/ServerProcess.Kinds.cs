using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace EdgeMesh.Tests.Servers;

/// <summary>The servers that tests know how to start.</summary>
internal sealed partial class ServerProcess
{
    /// <summary>Virtual hosts beside <c>/</c>: engines that run one suite at the same time must not see each other's topics.</summary>
    public static readonly string[] RabbitMqHosts = ["embedded", "daprd", "native"];

    public static async Task<ServerProcess> RabbitMqAsync(CancellationToken cancellation)
    {
        var (folder, port, distribution) = (NewFolder(), FreePorts.Take(), FreePorts.Take());
        var environment = new Dictionary<string, string>
        {
            ["HOME"] = folder,
            ["RABBITMQ_NODENAME"] = $"edgemesh{port}@localhost",
            ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODE_PORT"] = Text(port),
            ["RABBITMQ_DIST_PORT"] = Text(distribution),
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "data"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(folder, "log"),
            ["RABBITMQ_PID_FILE"] = Path.Combine(folder, "pid"),
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq.conf"),
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "plugins"),
            ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1}",
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        };
        await File.WriteAllTextAsync(Path.Combine(folder, "plugins"), "[].", cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "rabbitmq.conf"), $"load_definitions = {Path.Combine(folder, "definitions.json")}\n", cancellation);
        await File.WriteAllTextAsync(Path.Combine(folder, "definitions.json"), RabbitMqDefinitions(), cancellation);
        return await StartAsync(Find("/usr/lib/rabbitmq/bin/rabbitmq-server", "rabbitmq-server"), [], environment, folder, port, TimeSpan.FromSeconds(60), cancellation);
    }

    private static string RabbitMqDefinitions()
    {
        byte[] salt = [1, 2, 3, 4];
        var password = Convert.ToBase64String([.. salt, .. SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes("guest")])]);
        string[] hosts = ["/", .. RabbitMqHosts];
        return $$"""
            {
              "users": [{ "name": "guest", "password_hash": "{{password}}", "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": "administrator" }],
              "vhosts": [{{string.Join(", ", hosts.Select(h => $"{{ \"name\": \"{h}\" }}"))}}],
              "permissions": [{{string.Join(", ", hosts.Select(h => $"{{ \"user\": \"guest\", \"vhost\": \"{h}\", \"configure\": \".*\", \"write\": \".*\", \"read\": \".*\" }}"))}}]
            }
            """;
    }

    public static async Task<ServerProcess> CassandraAsync(CancellationToken cancellation)
    {
        var (folder, port, storage) = (NewFolder(), FreePorts.Take(), FreePorts.Take());
        return await StartAsync(Engine("cassandra", "start"), [folder, Text(port), Text(storage)], [], folder, port, TimeSpan.FromSeconds(120), cancellation);
    }

    /// <param name="settings">Of its <c>opensearch.yml</c>.</param>
    /// <param name="cancellation">Ends the wait.</param>
    public static async Task<ServerProcess> OpenSearchAsync(string settings, CancellationToken cancellation)
    {
        var (folder, port, transport) = (NewFolder(), FreePorts.Take(), FreePorts.Take());
        Directory.CreateDirectory(Path.Combine(folder, "config"));
        await File.WriteAllTextAsync(Path.Combine(folder, "config", "opensearch.yml"), settings, cancellation);
        return await StartAsync(Engine("opensearch", "start"), [folder, Text(port), Text(transport)], [], folder, port, TimeSpan.FromSeconds(120), cancellation);
    }

    /// <summary>With exemplars; its data goes with it.</summary>
    public static async Task<ServerProcess> PrometheusAsync(string configuration, CancellationToken cancellation)
    {
        var (folder, port) = (NewFolder(), FreePorts.Take());
        string[] arguments = [$"--config.file={configuration}", $"--storage.tsdb.path={folder}", $"--web.listen-address=127.0.0.1:{port}", "--enable-feature=exemplar-storage"];
        return await StartAsync(Find("/usr/bin/prometheus", "prometheus"), arguments, [], folder, port, TimeSpan.FromSeconds(60), cancellation);
    }

    public static async Task<ServerProcess> KafkaAsync(CancellationToken cancellation)
    {
        var (folder, port, controller) = (NewFolder(), FreePorts.Take(), FreePorts.Take());
        return await StartAsync(Engine("kafka", "start"), [folder, Text(port), Text(controller)], [], folder, port, TimeSpan.FromSeconds(90), cancellation);
    }

    public static async Task<ServerProcess> RedisAsync(CancellationToken cancellation)
    {
        var (folder, port) = (NewFolder(), FreePorts.Take());
        string[] arguments = ["--port", Text(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--appendonly", "yes"];
        return await StartAsync(Find("/usr/bin/redis-server", "redis-server"), arguments, [], folder, port, TimeSpan.FromSeconds(30), cancellation);
    }

    /// <summary>Database and user <c>postgres</c>, no password.</summary>
    public static async Task<ServerProcess> PostgresqlAsync(CancellationToken cancellation)
    {
        var (folder, port) = (NewFolder(), FreePorts.Take());
        var (data, programs) = (Path.Combine(folder, "data"), PostgresqlPrograms());
        await OwnByPostgresAsync(folder, cancellation);
        string[] make = [Path.Combine(programs, "initdb"), "-D", data, "-A", "trust", "-U", "postgres", "--no-sync"];
        await RunAsync(AsPostgres(make), folder, cancellation);
        var run = AsPostgres([Path.Combine(programs, "postgres"), "-D", data, "-p", Text(port), "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
        var server = await StartAsync(run[0], run[1..], [], folder, port, TimeSpan.FromSeconds(60), cancellation);
        await RunAsync([Path.Combine(programs, "psql"), "-h", "127.0.0.1", "-p", Text(port), "-U", "postgres", "-c", "SELECT 1"], folder, cancellation, tries: 100);
        return server;
    }

    private static string PostgresqlPrograms()
    {
        var debian = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql").Select(d => Path.Combine(d, "bin")).Order(StringComparer.Ordinal).LastOrDefault() : null;
        return Path.GetDirectoryName(Find(Path.Combine(debian ?? "", "postgres"), "postgres"))!;
    }

    /// <summary>PostgreSQL refuses to run as root: then it runs as the user that its package makes.</summary>
    private static string[] AsPostgres(string[] command) =>
        Environment.IsPrivilegedProcess ? [Find("/usr/bin/setpriv", "setpriv"), "--reuid=postgres", "--regid=postgres", "--clear-groups", .. command] : command;

    private static Task OwnByPostgresAsync(string folder, CancellationToken cancellation) =>
        Environment.IsPrivilegedProcess ? RunAsync(["/bin/chown", "postgres", folder], folder, cancellation) : Task.CompletedTask;

    /// <param name="command">Program and arguments.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <param name="tries">How often; a server that listens may still refuse for a moment.</param>
    private static async Task RunAsync(string[] command, string folder, CancellationToken cancellation, int tries = 1)
    {
        while (true)
        {
            using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder })!;
            var (output, errors) = (process.StandardOutput.ReadToEndAsync(cancellation), process.StandardError.ReadToEndAsync(cancellation));
            await process.WaitForExitAsync(cancellation);
            if (process.ExitCode == 0)
            {
                return;
            }

            if (--tries == 0)
            {
                throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}: {await output}{await errors}");
            }

            await Task.Delay(100, cancellation);
        }
    }
}
