using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Components.PubSubSqlite;

/// <summary>Keeps the file bounded: by time, by messages for each group, by bytes, and by groups that nobody subscribes any more. What goes
/// without having been delivered is counted. It works in small pieces, so publishers never wait long behind it.</summary>
internal sealed class BrokerRetention : IAsyncDisposable
{
    private const int Piece = 256;
    private const string Broker = "sqlite";
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan TouchInterval = TimeSpan.FromHours(1);

    private readonly SqliteBrokerOptions _options;
    private readonly BrokerWriter _writer;
    private readonly BrokerGroups _groups;
    private readonly SemaphoreSlim _subscribing;
    private readonly TimeProvider _clock;
    private readonly ITimer _timer;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _one = new(1);
    private DateTimeOffset _touched;

    public BrokerRetention(SqliteBrokerOptions options, BrokerWriter writer, BrokerGroups groups, SemaphoreSlim subscribing, TimeProvider clock)
    {
        (_options, _writer, _groups, _subscribing, _clock) = (options, writer, groups, subscribing, clock);
        _timer = clock.CreateTimer(_ => Run(), null, Interval, Interval);
    }

    /// <summary>What the file holds when it is opened, before anything writes.</summary>
    public static void Count(SqliteConnection connection, BrokerGroups groups)
    {
        using var all = BrokerWriter.Command(connection, "SELECT g.id, g.topic, g.name, (SELECT COUNT(*) FROM deliveries d WHERE d.grp = g.id) FROM groups g");
        using (var rows = all.ExecuteReader())
        {
            while (rows.Read())
            {
                groups.Add(rows.GetInt64(0), rows.GetString(1), rows.GetString(2)).Count(rows.GetInt64(3));
            }
        }

        using var bytes = BrokerWriter.Command(connection, "SELECT COALESCE(SUM(LENGTH(data)), 0) FROM messages");
        groups.CountBytes((long)bytes.ExecuteScalar()!);
    }

    /// <summary>Starts a round, unless one is under way.</summary>
    public void Run() => _ = RunAsync();

    public async Task RunAsync()
    {
        if (!await _one.WaitAsync(TimeSpan.Zero))
        {
            return;
        }

        try
        {
            var now = _clock.GetUtcNow();
            await TouchAsync(now);
            await RemoveGroupsAsync(now);
            await AllAsync("expired", connection => Ids(connection, "SELECT id, topic FROM messages WHERE expires <= $1 ORDER BY expires LIMIT $2", now.ToUnixTimeMilliseconds()));
            await AllAsync("retention", connection => Old(connection, (now - _options.Retention).ToUnixTimeMilliseconds()));
            await AllAsync("bytes", connection => Overflow(connection, _groups.Bytes - _options.MaxBytes));
            await TrimGroupsAsync();
        }
        catch (Exception)
        {
            // The file can't be written now, or the broker stops: the next round does what this one left.
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Messages go piece by piece until none is left to go.</summary>
    private async Task AllAsync(string reason, Func<SqliteConnection, List<(long Id, string Topic)>> find)
    {
        var found = Piece;
        while (found == Piece && !_stop.IsCancellationRequested)
        {
            long lost = 0;
            await _writer.WriteAsync(connection =>
            {
                var ids = find(connection);
                lost = ids.Sum(m => Forget(connection, m.Id, m.Topic));
                found = ids.Count;
            });
            BrokerLosses.Add(lost, Broker, reason, Path.GetFileName(_options.Path));
        }
    }

    /// <summary>On the writer's thread.</summary>
    /// <returns>Groups that had not got it.</returns>
    private long Forget(SqliteConnection connection, long id, string topic)
    {
        long waited = 0;
        using var command = BrokerWriter.Command(connection, "DELETE FROM deliveries WHERE grp = $1 AND id = $2", "$1", "$2");
        foreach (var group in _groups.Of(topic))
        {
            BrokerWriter.Set(command, group.Id, id);
            var deleted = command.ExecuteNonQuery();
            group.Count(-deleted);
            waited += deleted;
        }

        _groups.CountBytes(-_writer.Sweep(id, topic));
        return waited;
    }

    /// <summary>Ids grow with time, so the oldest are the first; the look stops at the first that is young enough.</summary>
    private static List<(long Id, string Topic)> Old(SqliteConnection connection, long before) =>
        Ids(connection, "SELECT id, topic FROM (SELECT id, topic, published FROM messages ORDER BY id LIMIT $2) WHERE published < $1", before);

    /// <summary>The oldest messages, as many as are over the limit.</summary>
    private static List<(long Id, string Topic)> Overflow(SqliteConnection connection, long over)
    {
        var ids = new List<(long, string)>();
        using var command = BrokerWriter.Command(connection, "SELECT id, topic, LENGTH(data) FROM messages ORDER BY id LIMIT $1", "$1");
        BrokerWriter.Set(command, Piece);
        using var rows = command.ExecuteReader();
        while (over > 0 && rows.Read())
        {
            ids.Add((rows.GetInt64(0), rows.GetString(1)));
            over -= rows.GetInt64(2);
        }

        return ids;
    }

    private static List<(long Id, string Topic)> Ids(SqliteConnection connection, string sql, long value)
    {
        using var command = BrokerWriter.Command(connection, sql, "$1", "$2");
        BrokerWriter.Set(command, value, Piece);
        using var rows = command.ExecuteReader();
        var ids = new List<(long, string)>();
        while (rows.Read())
        {
            ids.Add((rows.GetInt64(0), rows.GetString(1)));
        }

        return ids;
    }

    /// <summary>A group that lags too far loses its oldest; others are left alone.</summary>
    private async Task TrimGroupsAsync()
    {
        foreach (var group in _groups.All)
        {
            while (group.Waiting - _options.MaxMessages is > 0 and var over && !_stop.IsCancellationRequested)
            {
                var dropped = await DropOldestAsync(group, Math.Min(over, Piece));
                BrokerLosses.Add(dropped, Broker, "messages", group.Topic);
                if (dropped == 0)
                {
                    break;
                }
            }
        }
    }

    private async Task<long> DropOldestAsync(BrokerGroup group, long count)
    {
        long dropped = 0;
        await _writer.WriteAsync(connection =>
        {
            using var oldest = BrokerWriter.Command(
                connection, "DELETE FROM deliveries WHERE grp = $1 AND id IN (SELECT id FROM deliveries WHERE grp = $1 ORDER BY id LIMIT $2) RETURNING id", "$1", "$2");
            BrokerWriter.Set(oldest, group.Id, count);
            var ids = new List<long>();
            using (var rows = oldest.ExecuteReader())
            {
                while (rows.Read())
                {
                    ids.Add(rows.GetInt64(0));
                }
            }

            _groups.CountBytes(-ids.Sum(id => _writer.Sweep(id, group.Topic)));
            group.Count(-ids.Count);
            dropped = ids.Count;
        });
        return dropped;
    }

    private async Task TouchAsync(DateTimeOffset now)
    {
        var live = _groups.All.Where(g => g.Dispatcher?.HasSubscribers == true).ToArray();
        if (live.Length > 0 && now - _touched >= TouchInterval)
        {
            await _writer.TouchAsync(live, now);
            _touched = now;
        }
    }

    /// <summary>Groups that nobody subscribed for as long as messages are kept: an app that is no more keeps nothing.</summary>
    private async Task RemoveGroupsAsync(DateTimeOffset now)
    {
        var unseenSince = (now - _options.Retention).ToUnixTimeMilliseconds();
        foreach (var group in _groups.All.Where(g => g.Dispatcher?.HasSubscribers != true).ToArray())
        {
            await _subscribing.WaitAsync();
            try
            {
                if (group.Dispatcher?.HasSubscribers != true && await IsUnseenAsync(group, unseenSince))
                {
                    await RemoveAsync(group);
                }
            }
            finally
            {
                _subscribing.Release();
            }
        }
    }

    private async Task<bool> IsUnseenAsync(BrokerGroup group, long since)
    {
        var isUnseen = false;
        await _writer.WriteAsync(connection =>
        {
            using var command = BrokerWriter.Command(connection, "SELECT 1 FROM groups WHERE id = $1 AND seen < $2", "$1", "$2");
            BrokerWriter.Set(command, group.Id, since);
            isUnseen = command.ExecuteScalar() is not null;
        });
        return isUnseen;
    }

    /// <summary>A message that comes meanwhile loses its delivery with the group, and its row to the retention by time.</summary>
    private async Task RemoveAsync(BrokerGroup group)
    {
        while (await DropOldestAsync(group, Piece) is > 0 and var dropped)
        {
            BrokerLosses.Add(dropped, Broker, "group", group.Topic);
        }

        await _writer.WriteAsync(connection =>
        {
            using var command = BrokerWriter.Command(connection, "DELETE FROM groups WHERE id = $1; DELETE FROM deliveries WHERE grp = $1", "$1");
            BrokerWriter.Set(command, group.Id);
            command.ExecuteNonQuery();
        });
        _groups.Remove(group);
        if (group.Dispatcher is { } dispatcher)
        {
            await dispatcher.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _timer.DisposeAsync();
        await _stop.CancelAsync();
        await _one.WaitAsync();
        _one.Dispose();
        _stop.Dispose();
    }
}
