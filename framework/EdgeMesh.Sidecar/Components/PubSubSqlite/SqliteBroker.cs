using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Components.PubSubSqlite;

/// <summary>A durable broker in one SQLite file, owned by one process. A publish returns after it is synced; each group that ever
/// subscribed a topic has one delivery row for each message until it acknowledges. A crash leaves the rows, so what was not acknowledged
/// comes again. A topic without groups keeps nothing.</summary>
internal sealed class SqliteBroker : IPubSubBroker
{
    private const int DefaultMaxMessages = 1_000_000;

    private readonly FileStream _owner;
    private readonly string _path;
    private readonly TimeProvider _clock;
    private readonly GroupWriter _writer;
    private readonly long _maxMessages;
    private readonly TimeSpan _retention;
    private readonly ConcurrentDictionary<(string Topic, string Group), GroupDispatcher> _groups = new();
    private readonly ITimer _trim;

    private SqliteBroker(FileStream owner, string path, SqliteConnection connection, TimeProvider clock, TimeSpan retention, long maxMessages)
    {
        (_owner, _path, _clock, _retention, _maxMessages) = (owner, path, clock, retention, maxMessages);
        _writer = new GroupWriter(connection, $"broker {Path.GetFileName(path)}");
        _trim = clock.CreateTimer(_ => Trim(), null, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
    }

    public static SqliteBroker Open(ComponentSpec spec, ComponentContext context)
    {
        var path = SqliteFile.Path(spec["connectionString"] ?? throw new ArgumentException("'connectionString' is missing."), context.WorkingDirectory);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        FileStream owner;
        try
        {
            owner = new FileStream(path + ".owner", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException error)
        {
            throw new InvalidOperationException($"Another process owns {path}. One process serves a broker file; give this one a path of its own.", error);
        }

        var connection = SqliteFile.Open(path);
        SqliteFile.Execute(connection, """
            CREATE TABLE IF NOT EXISTS message (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, data BLOB NOT NULL, created INTEGER NOT NULL, expires INTEGER);
            CREATE TABLE IF NOT EXISTS grp (topic TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (topic, name)) WITHOUT ROWID;
            CREATE TABLE IF NOT EXISTS delivery (topic TEXT NOT NULL, grp TEXT NOT NULL, id INTEGER NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (topic, grp, id)) WITHOUT ROWID;
            CREATE INDEX IF NOT EXISTS delivery_by_id ON delivery (id);
            """);
        var retention = spec["retention"] is { } text ? TimeSpan.Parse(text, CultureInfo.InvariantCulture) : TimeSpan.FromDays(7);
        var limit = spec["maxMessages"] is { } max ? long.Parse(max, CultureInfo.InvariantCulture) : DefaultMaxMessages;
        return new SqliteBroker(owner, path, connection, context.Clock, retention, limit);
    }

    public async Task PublishAsync(BrokerMessage message, CancellationToken cancellation)
    {
        var now = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        long? expires = message.Metadata.TryGetValue("ttlInSeconds", out var ttl) && int.TryParse(ttl, CultureInfo.InvariantCulture, out var seconds)
            ? now + seconds * 1000L
            : null;
        await _writer.WriteAsync(connection => Insert(connection, message, now, expires), cancellation);
        foreach (var ((topic, _), group) in _groups)
        {
            if (topic == message.Topic)
            {
                group.Wake();
            }
        }
    }

    private static bool Insert(SqliteConnection connection, BrokerMessage message, long now, long? expires)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            INSERT INTO message (topic, data, created, expires) SELECT $topic, $data, $now, $expires WHERE EXISTS (SELECT 1 FROM grp WHERE topic = $topic);
            INSERT INTO delivery (topic, grp, id) SELECT $topic, name, last_insert_rowid() FROM grp WHERE topic = $topic;
            """;
        command.Parameters.AddWithValue("$topic", message.Topic);
        command.Parameters.AddWithValue("$data", message.Data.ToArray());
        command.Parameters.AddWithValue("$now", now);
        command.Parameters.AddWithValue("$expires", expires is { } moment ? moment : DBNull.Value);
        command.ExecuteNonQuery();
        return true;
    }

    public async Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, BrokerHandler handler, CancellationToken cancellation)
    {
        await _writer.WriteAsync(connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = "INSERT OR IGNORE INTO grp (topic, name) VALUES ($topic, $name)";
            command.Parameters.AddWithValue("$topic", subscription.Topic);
            command.Parameters.AddWithValue("$name", subscription.ConsumerGroup);
            command.ExecuteNonQuery();
            return true;
        }, cancellation);
        var group = _groups.GetOrAdd((subscription.Topic, subscription.ConsumerGroup), key => new GroupDispatcher(key.Topic, key.Group, SqliteFile.Open(_path, readOnly: true), _writer, _clock));
        return group.Add(handler);
    }

    private void Trim() => _ = _writer.WriteAsync(
        connection =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = """
                DELETE FROM message WHERE created < $oldest OR expires <= $now OR id <= (SELECT MAX(id) FROM message) - $max;
                DELETE FROM delivery WHERE id NOT IN (SELECT id FROM message);
                DELETE FROM message WHERE id NOT IN (SELECT id FROM delivery);
                """;
            var now = _clock.GetUtcNow();
            command.Parameters.AddWithValue("$oldest", (now - _retention).ToUnixTimeMilliseconds());
            command.Parameters.AddWithValue("$now", now.ToUnixTimeMilliseconds());
            command.Parameters.AddWithValue("$max", _maxMessages);
            command.ExecuteNonQuery();
            return true;
        },
        CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        await _trim.DisposeAsync();
        foreach (var group in _groups.Values)
        {
            await group.DisposeAsync();
        }

        await _writer.DisposeAsync();
        await _owner.DisposeAsync();
    }
}
