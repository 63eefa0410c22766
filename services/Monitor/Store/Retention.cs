using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Keeps the store within its age and size. What is too old goes quietly. When the room is used up, the oldest of the least
/// important goes until a tenth is free, and is counted by records. Runs on the store's thread between transactions; each step is a
/// transaction of its own, so a crash leaves whole steps.</summary>
internal sealed class Retention
{
    private const int StepsAtATime = 200;
    private const int PagesOfOneVacuum = 2000;
    private static readonly TimeSpan AgeEvery = TimeSpan.FromMinutes(10);

    private readonly SqliteConnection _connection;
    private readonly MonitorOptions _options;
    private readonly TimeProvider _clock;
    private readonly Action _forget;
    private readonly GivenUp _givenUp;
    private readonly int _rowsOfOneStep;
    private readonly Victim[] _order;
    private DateTimeOffset _ageNext = DateTimeOffset.MinValue;
    private long _bytes;

    /// <param name="connection">The store's thread's.</param>
    /// <param name="givenUp">Counts what is deleted for want of room.</param>
    /// <param name="options">The limits.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="forget">Called when series or sources were deleted.</param>
    public Retention(SqliteConnection connection, GivenUp givenUp, MonitorOptions options, TimeProvider clock, Action forget)
    {
        (_connection, _givenUp, _options, _clock, _forget) = (connection, givenUp, options, clock, forget);
        // Large enough that steps are few, small enough that one does not empty the store.
        _rowsOfOneStep = (int)Math.Clamp(options.StoreBytes / (64 * 1024), 50, 5000);
        // The least important first.
        _order =
        [
            new("debug-logs", Logs("level < 2")),
            new("traces", Traces("errors = 0")),
            new("information-logs", Logs("level = 2")),
            new("points", ["DELETE FROM point WHERE slot = (SELECT min(slot) FROM point)"]),
            new("warning-logs", Logs("level = 3")),
            new("failed-traces", Traces("errors > 0")),
            new("error-logs", Logs("level > 3")),
        ];
        _bytes = Measure();
    }

    /// <summary>What the store holds, without pages that are free.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public void Keep()
    {
        if (_clock.GetUtcNow() is var now && now >= _ageNext)
        {
            // Not finished in the steps that one turn may take: the next commit goes on.
            _ageNext = DropOld(now) ? now + AgeEvery : now;
        }

        Interlocked.Exchange(ref _bytes, Measure());
        if (Bytes > _options.StoreBytes)
        {
            MakeRoom();
        }
    }

    private string[] Logs(string which) => [$"DELETE FROM log WHERE id IN (SELECT id FROM log WHERE {which} ORDER BY id LIMIT {_rowsOfOneStep})"];

    /// <summary>The last statement deletes what is counted.</summary>
    private string[] Traces(string which) =>
    [
        "CREATE TEMP TABLE IF NOT EXISTS leaving (trace BLOB PRIMARY KEY) WITHOUT ROWID",
        "DELETE FROM leaving",
        $"INSERT INTO leaving SELECT trace FROM trace WHERE {which} ORDER BY start LIMIT {Math.Max(1, _rowsOfOneStep / 10)}",
        "DELETE FROM trace WHERE trace IN (SELECT trace FROM leaving)",
        "DELETE FROM span WHERE trace IN (SELECT trace FROM leaving)",
    ];

    /// <summary>Whether nothing that is too old is left.</summary>
    private bool DropOld(DateTimeOffset now)
    {
        var logs = TimedIds.First(now.AddDays(-_options.LogDays));
        var traces = now.AddDays(-_options.TraceDays).UtcTicks;
        var points = Slot(now, _options.MetricDays);
        var done = Repeat(Logs($"id < {logs}"))
            & Repeat(Traces($"start < {traces}"))
            & Repeat([$"DELETE FROM point WHERE slot = (SELECT min(slot) FROM point WHERE slot < {points})"]);
        if (done)
        {
            // Each by itself: a disk that refuses the second must not leave numbers in memory that the first has taken away.
            Forget(new(null, [$"DELETE FROM series WHERE seen < {points}"]));
            Forget(new(null, [SourcesUnseenSince(now)]));
        }

        return done;
    }

    private void Forget(Victim names)
    {
        if (Drop(names) > 0)
        {
            _forget();
        }
    }

    /// <summary>For longer than anything of theirs is kept.</summary>
    private string SourcesUnseenSince(DateTimeOffset now) =>
        $"DELETE FROM source WHERE seen < {Slot(now, Math.Max(Math.Max(_options.LogDays, _options.TraceDays), _options.MetricDays))} AND n NOT IN (SELECT source FROM series)";

    private static long Slot(DateTimeOffset now, int daysAgo) => now.AddDays(-daysAgo).UtcTicks / BatchWriter.SlotTicks;

    private bool Repeat(string[] step)
    {
        for (var steps = 0; steps < StepsAtATime; steps++)
        {
            if (Drop(new(null, step)) == 0)
            {
                return true;
            }
        }

        return false;
    }

    private void MakeRoom()
    {
        var enough = _options.StoreBytes / 10 * 9;
        foreach (var victim in _order)
        {
            for (var deleted = 1L; deleted > 0 && Bytes > enough;)
            {
                deleted = Drop(victim);
                Interlocked.Exchange(ref _bytes, Measure());
            }
        }

        // Pages that were set free are used again; only a file beyond its limit gives them back.
        if (Pragma("page_count") * Pragma("page_size") > _options.StoreBytes)
        {
            Execute($"PRAGMA incremental_vacuum({PagesOfOneVacuum})");
        }
    }

    /// <summary>One step with its count, all or nothing. How many records it deleted.</summary>
    private long Drop(Victim victim)
    {
        Execute("BEGIN IMMEDIATE");
        try
        {
            var deleted = 0L;
            foreach (var statement in victim.Step)
            {
                deleted = Execute(statement);
            }

            if (victim.What is { } what)
            {
                _givenUp.Add(what, deleted);
            }

            Execute("COMMIT");
            return deleted;
        }
        catch (SqliteException)
        {
            RollBack();
            _givenUp.Reload();
            throw;
        }
    }

    private void RollBack()
    {
        try
        {
            Execute("ROLLBACK");
        }
        catch (SqliteException)
        {
            // SQLite has rolled back already (disk full, I/O error).
        }
    }

    private long Measure() => (Pragma("page_count") - Pragma("freelist_count")) * Pragma("page_size");

    private long Pragma(string name)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = $"PRAGMA {name}";
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>How many rows it deleted or wrote.</summary>
    private long Execute(string sql)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteNonQuery();
    }

    /// <param name="What">Under which name it is counted; null: it is too old, and no loss.</param>
    /// <param name="Step">Statements; the last deletes the records themselves.</param>
    private sealed record Victim(string? What, string[] Step);
}
