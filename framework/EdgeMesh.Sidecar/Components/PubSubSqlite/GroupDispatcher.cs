using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Components.PubSubSqlite;

/// <summary>Delivers one topic to one group: to its subscribers in turn, a few at a time, again later what was not acknowledged.</summary>
internal sealed class GroupDispatcher : IAsyncDisposable
{
    private const int InFlightLimit = 16;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly string _topic;
    private readonly string _group;
    private readonly SqliteConnection _reader;
    private readonly GroupWriter _writer;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _signal = new(1);
    private readonly Lock _gate = new();
    private readonly List<BrokerHandler> _handlers = [];
    private readonly HashSet<long> _inFlight = [];
    private readonly Dictionary<long, (int Attempts, DateTimeOffset Due)> _waiting = [];
    private readonly Task _loop;
    private int _turn;

    public GroupDispatcher(string topic, string group, SqliteConnection reader, GroupWriter writer, TimeProvider clock)
    {
        (_topic, _group, _reader, _writer, _clock) = (topic, group, reader, writer, clock);
        _loop = RunAsync();
    }

    public void Wake()
    {
        lock (_gate)
        {
            if (_signal.CurrentCount == 0)
            {
                _signal.Release();
            }
        }
    }

    public IAsyncDisposable Add(BrokerHandler handler)
    {
        lock (_gate)
        {
            _handlers.Add(handler);
        }

        Wake();
        return new Subscriber(this, handler);
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await _signal.WaitAsync(NextDue(), _stop.Token);
                foreach (var message in Take())
                {
                    _ = DeliverAsync(message.Id, message.Message, message.Handler);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The broker stops; rows in flight stay and come again.
        }
    }

    private TimeSpan NextDue()
    {
        lock (_gate)
        {
            if (_waiting.Count == 0)
            {
                return Timeout.InfiniteTimeSpan;
            }

            var pause = _waiting.Values.Min(w => w.Due) - _clock.GetUtcNow();
            return pause < TimeSpan.Zero ? TimeSpan.Zero : pause > TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : pause;
        }
    }

    /// <summary>The oldest rows that nobody has in hand and whose pause is over.</summary>
    private List<(long Id, BrokerMessage Message, BrokerHandler Handler)> Take()
    {
        var taken = new List<(long, BrokerMessage, BrokerHandler)>();
        lock (_gate)
        {
            var room = InFlightLimit - _inFlight.Count;
            if (_handlers.Count == 0 || room <= 0)
            {
                return taken;
            }

            var now = _clock.GetUtcNow();
            using var command = _reader.CreateCommand();
            command.CommandText = "SELECT m.id, m.data FROM delivery d JOIN message m ON m.id = d.id WHERE d.topic = $topic AND d.grp = $group AND (m.expires IS NULL OR m.expires > $now) ORDER BY d.id LIMIT $limit";
            command.Parameters.AddWithValue("$topic", _topic);
            command.Parameters.AddWithValue("$group", _group);
            command.Parameters.AddWithValue("$now", now.ToUnixTimeMilliseconds());
            command.Parameters.AddWithValue("$limit", InFlightLimit + _waiting.Count);
            using var rows = command.ExecuteReader();
            while (room > 0 && rows.Read())
            {
                var id = rows.GetInt64(0);
                if (_inFlight.Contains(id) || _waiting.TryGetValue(id, out var wait) && wait.Due > now)
                {
                    continue;
                }

                _inFlight.Add(id);
                room--;
                taken.Add((id, new BrokerMessage(_topic, (byte[])rows[1], new Dictionary<string, string>()) { Id = $"{_topic}-{id}" }, _handlers[_turn++ % _handlers.Count]));
            }
        }

        return taken;
    }

    private async Task DeliverAsync(long id, BrokerMessage message, BrokerHandler handler)
    {
        var acknowledged = false;
        try
        {
            acknowledged = await handler(message, _stop.Token);
            if (acknowledged)
            {
                await _writer.WriteAsync(connection => Acknowledge(connection, id), _stop.Token);
            }
        }
        catch (Exception)
        {
            // A handler that throws, or an acknowledgement that could not be written, is a delivery to repeat.
            acknowledged = false;
        }

        lock (_gate)
        {
            _inFlight.Remove(id);
            var attempts = _waiting.Remove(id, out var before) ? before.Attempts + 1 : 1;
            if (!acknowledged)
            {
                var pause = TimeSpan.FromTicks(Math.Min(LongestPause.Ticks, FirstPause.Ticks << Math.Min(attempts - 1, 16)));
                _waiting[id] = (attempts, _clock.GetUtcNow() + pause);
            }
        }

        Wake();
    }

    private bool Acknowledge(SqliteConnection connection, long id)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            DELETE FROM delivery WHERE topic = $topic AND grp = $group AND id = $id;
            DELETE FROM message WHERE id = $id AND NOT EXISTS (SELECT 1 FROM delivery WHERE id = $id);
            """;
        command.Parameters.AddWithValue("$topic", _topic);
        command.Parameters.AddWithValue("$group", _group);
        command.Parameters.AddWithValue("$id", id);
        command.ExecuteNonQuery();
        return true;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        lock (_gate)
        {
            _reader.Dispose();
        }
    }

    private sealed class Subscriber(GroupDispatcher group, BrokerHandler handler) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            lock (group._gate)
            {
                group._handlers.Remove(handler);
            }

            return ValueTask.CompletedTask;
        }
    }
}
