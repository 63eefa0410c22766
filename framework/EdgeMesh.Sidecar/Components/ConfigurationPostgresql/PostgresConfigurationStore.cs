using EdgeMesh.Sidecar.Components.ConfigurationSqlite;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace EdgeMesh.Sidecar.Components.ConfigurationPostgresql;

/// <summary>Settings in a table of PostgreSQL as daprd reads them: of a key the row with the highest version counts. A trigger that the table's
/// owner made tells of changes by <c>NOTIFY</c>; which channel it uses the component says, or who subscribes.</summary>
internal sealed class PostgresConfigurationStore : IConfigurationStore, IServerDriver
{
    private const string ChannelField = "pgNotifyChannel";

    /// <summary>Each holds a connection, beside those of <c>maxConns</c>.</summary>
    private const int ChannelLimit = 16;

    public static readonly string[] Fields = [.. PostgresServer.Fields, "table", ChannelField];

    private readonly NpgsqlDataSource _source;

    /// <summary>For the channels: what waits for changes takes no connection from those who ask.</summary>
    private readonly NpgsqlDataSource _listening;
    private readonly string _table;
    private readonly string? _channel;
    private readonly ILogger _logger;

    /// <summary>Guards the channels.</summary>
    private readonly Lock _lock = new();
    private readonly Dictionary<string, PostgresNotifications> _channels = new(StringComparer.Ordinal);

    /// <summary>Ends when all channels have that nobody listens to any more.</summary>
    private Task _closing = Task.CompletedTask;

    public PostgresConfigurationStore(ComponentSpec spec, ComponentContext context)
    {
        var connection = new NpgsqlConnectionStringBuilder(PostgresServer.ConnectionString(spec));
        _table = spec.Text("table") is { } table && IsName(table) ? table : throw new ArgumentException("'table' must be a table's name: small letters, digits and underscores only.");
        _channel = spec.Text(ChannelField) is not { } channel ? null : IsName(channel) ? channel : throw new ArgumentException(NoName(channel));
        _logger = context.Loggers.CreateLogger("EdgeMesh.Sidecar");
        _source = NpgsqlDataSource.Create(connection);
        (connection.Pooling, connection.KeepAlive) = (false, connection.CommandTimeout);
        _listening = NpgsqlDataSource.Create(connection);
    }

    public async Task ConnectAsync(CancellationToken cancellation)
    {
        await using var command = _source.CreateCommand($"SELECT key, value, version, metadata FROM {_table} LIMIT 0");
        await using var rows = await command.ExecuteReaderAsync(cancellation);
    }

    public async Task<IReadOnlyDictionary<string, ConfigurationValue>> GetAsync(IReadOnlyCollection<string> keys, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellation)
    {
        // Names and values of metadata are what a row's own must be.
        await using var command = _source.CreateCommand($"""
            SELECT DISTINCT ON (key) key, value, version, metadata::text FROM {_table}
            WHERE (cardinality($1) = 0 OR key = ANY($1)) AND NOT EXISTS (SELECT FROM unnest($2, $3) AS wanted(name, said) WHERE metadata->>wanted.name IS DISTINCT FROM wanted.said)
            ORDER BY key, version DESC LIMIT {ConfigurationTable.Limit + 1}
            """);
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. keys] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. metadata.Keys] });
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. metadata.Values] });
        await using var rows = await command.ExecuteReaderAsync(cancellation);
        var values = new Dictionary<string, ConfigurationValue>(StringComparer.Ordinal);
        while (await rows.ReadAsync(cancellation))
        {
            values[rows.GetString(0)] = new ConfigurationValue(rows.GetString(1), rows.GetString(2), ConfigurationPayload.Metadata(rows.IsDBNull(3) ? null : rows.GetString(3)));
        }

        return values.Count <= ConfigurationTable.Limit ? values : throw new InvalidDataException($"There are more than {ConfigurationTable.Limit} settings in the table '{_table}'. Ask for keys, or delete those that nobody reads.");
    }

    /// <exception cref="ArgumentException">Nobody says on which channel changes are told, or there are too many.</exception>
    public IDisposable Listen(ConfigurationListener listener, IReadOnlyDictionary<string, string> metadata)
    {
        var channel = metadata.GetValueOrDefault(ChannelField) is { Length: > 0 } asked ? asked
            : _channel ?? throw new ArgumentException($"unable to subscribe to \"{_table}\". notifyChannel must be set in component metadata or request metadata");
        if (!IsName(channel))
        {
            throw new ArgumentException(NoName(channel));
        }

        lock (_lock)
        {
            if (!_channels.TryGetValue(channel, out var notifications))
            {
                notifications = _channels.Count < ChannelLimit
                    ? _channels[channel] = new PostgresNotifications(_listening, channel, _logger)
                    : throw new ArgumentException($"the component listens to {ChannelLimit} channels already. Let the triggers of several tables share one.");
            }

            return new Listening(this, notifications, notifications.Listeners.Add(listener));
        }
    }

    /// <summary>A channel goes with its last listener.</summary>
    private void Leave(PostgresNotifications channel)
    {
        lock (_lock)
        {
            if (channel.Listeners.IsEmpty && _channels.GetValueOrDefault(channel.Name) == channel)
            {
                _channels.Remove(channel.Name);
                _closing = CloseAsync(channel, _closing);
            }
        }
    }

    private static async Task CloseAsync(PostgresNotifications channel, Task before)
    {
        await channel.DisposeAsync();
        await before;
    }

    private static string NoName(string channel) => $"invalid notifyChannel name \"{channel}\". non-alphanumerics or upper cased names are not supported";

    /// <summary>Goes into statements as it is.</summary>
    private static bool IsName(string text) => text.Length is > 0 and <= 63 && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '_') && !char.IsAsciiDigit(text[0]);

    public async ValueTask DisposeAsync()
    {
        Task closing;
        lock (_lock)
        {
            closing = _channels.Values.Aggregate(_closing, (before, channel) => CloseAsync(channel, before));
            _channels.Clear();
        }

        await closing;
        await _source.DisposeAsync();
        await _listening.DisposeAsync();
    }

    private sealed class Listening(PostgresConfigurationStore store, PostgresNotifications channel, IDisposable inner) : IDisposable
    {
        public void Dispose()
        {
            inner.Dispose();
            store.Leave(channel);
        }
    }
}
