using System.Security.Cryptography.X509Certificates;
using StackExchange.Redis;

namespace EdgeMesh.Sidecar.Components;

/// <summary>The connection to Redis that drivers share in form: one multiplexed connection, which heals itself once it stood.</summary>
internal sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan DefaultDialTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan DefaultReadTimeout = TimeSpan.FromSeconds(3);

    private readonly ConfigurationOptions _options;
    private volatile ConnectionMultiplexer? _connection;

    /// <exception cref="ArgumentException">A value is missing, or is no such value.</exception>
    public RedisServer(ComponentSpec spec)
    {
        var hosts = spec.Text("redisHost") ?? throw new ArgumentException("'redisHost' is missing. Give the server's address, such as 127.0.0.1:6379.");
        _options = new ConfigurationOptions
        {
            User = spec.Text("redisUsername"),
            Password = spec.Text("redisPassword"),
            DefaultDatabase = (int)spec.Number("redisDB", 0, 0, int.MaxValue),
            Ssl = spec.Flag("enableTLS", false),
            ConnectTimeout = Milliseconds(spec, "dialTimeout", DefaultDialTimeout),
            AsyncTimeout = Milliseconds(spec, "readTimeout", DefaultReadTimeout),
            AbortOnConnectFail = true,
            // Reading and switching on keyspace notifications counts as such.
            AllowAdmin = true,
            ConnectRetry = 1,
            // A call fails at once while the server is away: nothing waits in memory.
            BacklogPolicy = BacklogPolicy.FailFast,
            ServiceName = spec.Flag("failover", false)
                ? spec.Text("sentinelMasterName") ?? throw new ArgumentException("'failover' needs 'sentinelMasterName'.")
                : null,
        };
        spec.Choice("redisType", "node", "node", "cluster");
        foreach (var host in hosts.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            _options.EndPoints.Add(host);
        }

        if (spec.Text("clientCert") is { } certificate)
        {
            var key = spec.Text("clientKey") ?? throw new ArgumentException("'clientCert' needs 'clientKey'.");
            var pair = X509Certificate2.CreateFromPem(certificate, key);
            _options.CertificateSelection += (_, _, _, _, _) => pair;
        }
    }

    public static string[] Fields { get; } =
    [
        "redisHost", "redisPassword", "redisUsername", "redisDB", "redisType", "enableTLS", "clientCert", "clientKey", "failover", "sentinelMasterName",
        "dialTimeout", "readTimeout",
        // Of daprd's own client. Here a call fails at once, and retries are a Resiliency's matter; 'readTimeout' is for the whole call.
        "writeTimeout", "redisMaxRetries", "redisMinRetryInterval", "redisMaxRetryInterval",
    ];

    /// <summary>Asked for only after the first contact.</summary>
    public IDatabase Database => (_connection ?? throw new InvalidOperationException("Redis was not connected.")).GetDatabase();

    /// <summary>As <see cref="Database"/>.</summary>
    public ConnectionMultiplexer Connection => _connection ?? throw new InvalidOperationException("Redis was not connected.");

    public async Task ConnectAsync(CancellationToken cancellation) =>
        _connection ??= await ConnectionMultiplexer.ConnectAsync(_options).WaitAsync(cancellation);

    /// <summary>Dapr's Redis components take a bare number for milliseconds.</summary>
    private static int Milliseconds(ComponentSpec spec, string field, TimeSpan normal) =>
        int.TryParse(spec.Text(field), out var milliseconds) && milliseconds > 0
            ? milliseconds
            : (int)spec.Duration(field, normal).TotalMilliseconds is > 0 and var duration ? duration : throw new ArgumentException($"'{field}' must be above 0 here, and is '{spec[field]}'.");

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection)
        {
            await connection.DisposeAsync();
        }
    }
}
