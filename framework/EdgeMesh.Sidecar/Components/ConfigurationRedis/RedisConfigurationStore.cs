using EdgeMesh.Sidecar.Components.ConfigurationSqlite;
using StackExchange.Redis;

namespace EdgeMesh.Sidecar.Components.ConfigurationRedis;

/// <summary>Settings in Redis as daprd reads them: a string for each, which may end in <c>||</c> and a version. Redis itself tells of
/// changes, by its keyspace notifications, which this switches on where it may.</summary>
internal sealed class RedisConfigurationStore : IConfigurationStore, IServerDriver
{
    private const string Separator = "||";

    private const string NotificationsSetting = "notify-keyspace-events";

    /// <summary>Keyspace events of all commands.</summary>
    private const string Notifications = "KA";

    private readonly RedisServer _server;
    private readonly string _channel;
    private readonly ConfigurationListeners _listeners = new();

    public RedisConfigurationStore(ComponentSpec spec)
    {
        _server = new RedisServer(spec);
        _channel = $"__keyspace@{spec.Number("redisDB", 0, 0, int.MaxValue)}__:";
    }

    /// <summary>Listens for as long as the component is open: a subscription comes back by itself with the connection.</summary>
    public async Task ConnectAsync(CancellationToken cancellation)
    {
        await _server.ConnectAsync(cancellation);
        foreach (var server in _server.Connection.GetServers().Where(s => s.IsConnected && !s.IsReplica))
        {
            await SwitchOnAsync(server).WaitAsync(cancellation);
        }

        await _server.Connection.GetSubscriber().SubscribeAsync(RedisChannel.Pattern(_channel + "*"), (channel, change) => { _ = TellAsync(channel.ToString()[_channel.Length..]); }).WaitAsync(cancellation);
    }

    /// <summary>What is on stays on: others may listen to it.</summary>
    private static async Task SwitchOnAsync(IServer server)
    {
        try
        {
            var now = ((RedisResult[]?)await server.ExecuteAsync("CONFIG", "GET", NotificationsSetting))?.LastOrDefault()?.ToString() ?? "";
            if (!Notifications.All(now.Contains))
            {
                await server.ExecuteAsync("CONFIG", "SET", NotificationsSetting, now + Notifications);
            }
        }
        catch (RedisServerException)
        {
            // A Redis that is not ours to set up: values are read all the same, and changes told if its owner switched that on.
        }
    }

    public async Task<IReadOnlyDictionary<string, ConfigurationValue>> GetAsync(IReadOnlyCollection<string> keys, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellation)
    {
        RedisKey[] asked = keys.Count > 0 ? [.. keys.Distinct(StringComparer.Ordinal).Select(k => (RedisKey)k)] : await AllAsync(cancellation);
        var values = new Dictionary<string, ConfigurationValue>(StringComparer.Ordinal);
        var read = await _server.Database.StringGetAsync(asked).WaitAsync(cancellation);
        for (var i = 0; i < asked.Length; i++)
        {
            // As with daprd, one without a value is none.
            if (Parse(read[i].ToString()) is { Value.Length: > 0 } value)
            {
                values[asked[i].ToString()] = value;
            }
        }

        return values;
    }

    public IDisposable Listen(ConfigurationListener listener, IReadOnlyDictionary<string, string> metadata) => _listeners.Add(listener);

    private async Task<RedisKey[]> AllAsync(CancellationToken cancellation)
    {
        var all = new List<RedisKey>();
        var server = _server.Connection.GetServers().First(s => s.IsConnected && !s.IsReplica);
        await foreach (var key in server.KeysAsync(_server.Database.Database).WithCancellation(cancellation))
        {
            all.Add(key);
            if (all.Count > ConfigurationTable.Limit)
            {
                throw new InvalidDataException($"There are more than {ConfigurationTable.Limit} keys in this Redis database. Give the settings one of their own (redisDB).");
            }
        }

        return [.. all];
    }

    private async Task TellAsync(string key)
    {
        try
        {
            var value = await _server.Database.StringGetAsync(key);
            _listeners.Tell(new Dictionary<string, ConfigurationValue> { [key] = value.IsNull ? ConfigurationValue.Deleted : Parse(value.ToString()) });
        }
        catch (Exception error) when (error is RedisException or TimeoutException or ObjectDisposedException)
        {
            // Redis went away, or the key is no string: the next change of it is told.
        }
    }

    private static ConfigurationValue Parse(string text)
    {
        var at = text.LastIndexOf(Separator, StringComparison.Ordinal);
        return at < 0 ? new ConfigurationValue(text, "", ConfigurationValue.NoMetadata) : new ConfigurationValue(text[..at], text[(at + Separator.Length)..], ConfigurationValue.NoMetadata);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
