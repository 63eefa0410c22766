using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Components.ConfigurationSqlite;

/// <summary>What subscribers get: the keys that changed, in one call for one look at the file. Runs on the clock's thread: it must not wait.</summary>
internal delegate void ConfigurationListener(IReadOnlyDictionary<string, ConfigurationValue> changed);

/// <summary>Settings in one SQLite file that anybody on the machine may write. The store looks on a timer whether the file changed, reads
/// the table when it did, and tells subscribers the difference; a subscriber that comes later is told what changes from then on.</summary>
internal sealed class SqliteConfigurationStore : IConfigurationStore, IAsyncDisposable
{
    public static readonly string[] Fields = ["connectionString", "pollInterval"];

    private static readonly TimeSpan DefaultPollInterval = TimeSpan.FromSeconds(1);

    private readonly SqliteConnection _connection;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly ConfigurationListeners _listeners = new();
    private Dictionary<string, ConfigurationValue> _known;
    private long _dataVersion;

    private SqliteConfigurationStore(SqliteConnection connection, TimeSpan poll, TimeProvider clock)
    {
        _connection = connection;
        (_dataVersion, _known) = (ConfigurationTable.DataVersion(connection), ConfigurationTable.Read(connection));
        _timer = clock.CreateTimer(_ => Look(), null, poll, poll);
    }

    /// <exception cref="ArgumentException">A field is missing or no such value.</exception>
    public static SqliteConfigurationStore Open(ComponentSpec spec, ComponentContext context)
    {
        var path = SqliteFile.Path(spec["connectionString"] ?? throw new ArgumentException("'connectionString' is missing. Give the file of the settings, such as settings.db."), context.WorkingDirectory);
        var poll = spec["pollInterval"] is { Length: > 0 } text ? GoDuration.Parse(text, "pollInterval") : DefaultPollInterval;
        if (poll < TimeSpan.FromMilliseconds(10))
        {
            throw new ArgumentException($"'pollInterval' must be 10ms or more, and is '{spec["pollInterval"]}'.");
        }

        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var connection = SqliteFile.Open(path);
        try
        {
            ConfigurationTable.Create(connection);
            return new SqliteConfigurationStore(connection, poll, context.Clock);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>What the file holds now; without keys, all of it. A key that is not there is left out.</summary>
    public Dictionary<string, ConfigurationValue> Get(IReadOnlyCollection<string> keys)
    {
        lock (_gate)
        {
            var all = ConfigurationTable.Read(_connection);
            return keys.Count == 0 ? all : keys.Distinct(StringComparer.Ordinal).Where(all.ContainsKey).ToDictionary(k => k, k => all[k], StringComparer.Ordinal);
        }
    }

    public Task<IReadOnlyDictionary<string, ConfigurationValue>> GetAsync(IReadOnlyCollection<string> keys, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyDictionary<string, ConfigurationValue>>(Get(keys));

    /// <summary>The listener hears of every change from now on; of one before, only those hear who listened then.</summary>
    public IDisposable Listen(ConfigurationListener listener, IReadOnlyDictionary<string, string> metadata)
    {
        lock (_gate)
        {
            Look();
            return _listeners.Add(listener);
        }
    }

    private void Look()
    {
        lock (_gate)
        {
            try
            {
                if (ConfigurationTable.DataVersion(_connection) is var version && version != _dataVersion)
                {
                    var now = ConfigurationTable.Read(_connection);
                    _dataVersion = version;
                    Tell(now);
                }
            }
            catch (Exception error) when (error is SqliteException or InvalidDataException or InvalidOperationException)
            {
                // The file can't be read now (somebody's lock, too many rows); the next look reads it, and reads say why.
            }
        }
    }

    private void Tell(Dictionary<string, ConfigurationValue> now)
    {
        var changed = now.Where(n => !_known.TryGetValue(n.Key, out var before) || !before.IsSameAs(n.Value))
            .Concat(_known.Keys.Where(k => !now.ContainsKey(k)).Select(k => KeyValuePair.Create(k, ConfigurationValue.Deleted)))
            .ToDictionary(StringComparer.Ordinal);
        _known = now;
        if (changed.Count > 0)
        {
            _listeners.Tell(changed);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await _connection.DisposeAsync();
    }
}
