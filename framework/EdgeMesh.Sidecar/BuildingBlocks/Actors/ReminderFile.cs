using System.Globalization;
using EdgeMesh.Sidecar.Components;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>The reminders that one app registered, in a SQLite file that one process owns. A change is on disk when its task ends. A crash
/// leaves every reminder that was answered; one whose call was under way fires again.</summary>
internal sealed class ReminderFile : IAsyncDisposable
{
    /// <summary>Raised with every change of the table; a file of a later version is refused.</summary>
    private const int Version = 1;

    private const string Table = """
        CREATE TABLE reminders (
          type TEXT NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, registration TEXT NOT NULL,
          data BLOB, due_text TEXT NOT NULL, due INTEGER NOT NULL, months INTEGER, ticks INTEGER, times_left INTEGER, expires INTEGER,
          retry_interval INTEGER NOT NULL, retry_limit INTEGER,
          PRIMARY KEY (type, id, name)
        ) WITHOUT ROWID;
        """;

    private const string Columns = "type, id, name, registration, data, due_text, due, months, ticks, times_left, expires, retry_interval, retry_limit";

    private readonly FileStream _owner;
    private readonly GroupWriter _writer;

    private ReminderFile(FileStream owner, SqliteConnection connection, string path) =>
        (_owner, _writer) = (owner, new GroupWriter(connection, $"sqlite {Path.GetFileName(path)}"));

    /// <summary>Opens or makes the file, and reads what is in it.</summary>
    /// <exception cref="InvalidOperationException">Another process owns it, or a later version wrote it.</exception>
    public static (ReminderFile File, IReadOnlyList<(Reminder Reminder, string Registration)> Content) Open(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var owner = FileOwner.Take(path);
        SqliteConnection? connection = null;
        try
        {
            connection = SqliteFile.Open(path);
            Prepare(connection, path);
            var content = ReadAll(connection);
            return (new ReminderFile(owner, connection, path), content);
        }
        catch
        {
            connection?.Dispose();
            owner.Dispose();
            throw;
        }
    }

    public Task SaveAsync(Reminder reminder, string registration) => _writer.WriteAsync(connection =>
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"INSERT OR REPLACE INTO reminders ({Columns}) VALUES ($type, $id, $name, $registration, $data, $text, $due, $months, $ticks, $left, $expires, $interval, $limit)";
        Key(command, reminder.Actor, reminder.Name, registration);
        command.Parameters.AddWithValue("$data", (object?)reminder.Data ?? DBNull.Value);
        command.Parameters.AddWithValue("$text", reminder.DueTime);
        command.Parameters.AddWithValue("$months", (object?)reminder.When.Every?.Months ?? DBNull.Value);
        command.Parameters.AddWithValue("$ticks", (object?)reminder.When.Every?.Time.Ticks ?? DBNull.Value);
        command.Parameters.AddWithValue("$expires", (object?)reminder.When.Expires?.UtcTicks ?? DBNull.Value);
        command.Parameters.AddWithValue("$interval", reminder.Retry.Interval.Ticks);
        command.Parameters.AddWithValue("$limit", (object?)reminder.Retry.MaxRetries ?? DBNull.Value);
        Next(command, reminder.When);
        command.ExecuteNonQuery();
        return true;
    }, CancellationToken.None);

    /// <summary>Moves a reminder on, unless it was replaced or deleted meanwhile.</summary>
    public Task AdvanceAsync(Reminder reminder, string registration) => _writer.WriteAsync(connection =>
    {
        using var command = connection.CreateCommand();
        command.CommandText = "UPDATE reminders SET due = $due, times_left = $left WHERE type = $type AND id = $id AND name = $name AND registration = $registration";
        Key(command, reminder.Actor, reminder.Name, registration);
        Next(command, reminder.When);
        command.ExecuteNonQuery();
        return true;
    }, CancellationToken.None);

    public Task DeleteAsync(Reminder reminder, string registration) => _writer.WriteAsync(connection =>
    {
        using var command = connection.CreateCommand();
        command.CommandText = "DELETE FROM reminders WHERE type = $type AND id = $id AND name = $name AND registration = $registration";
        Key(command, reminder.Actor, reminder.Name, registration);
        command.ExecuteNonQuery();
        return true;
    }, CancellationToken.None);

    private static void Key(SqliteCommand command, ActorAddress actor, string name, string registration)
    {
        command.Parameters.AddWithValue("$type", actor.Type);
        command.Parameters.AddWithValue("$id", actor.Id);
        command.Parameters.AddWithValue("$name", name);
        command.Parameters.AddWithValue("$registration", registration);
    }

    private static void Next(SqliteCommand command, Recurrence when)
    {
        command.Parameters.AddWithValue("$due", when.Due.UtcTicks);
        command.Parameters.AddWithValue("$left", (object?)when.Left ?? DBNull.Value);
    }

    private static void Prepare(SqliteConnection connection, string path)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        switch ((long)command.ExecuteScalar()!)
        {
            case 0:
                SqliteFile.Execute(connection, string.Create(CultureInfo.InvariantCulture, $"BEGIN IMMEDIATE; {Table} PRAGMA user_version = {Version}; COMMIT;"));
                break;
            case > Version and var later:
                throw new InvalidOperationException($"{path} was written by a later version ({later}; this one knows {Version}). Run that version, or move the file away.");
        }
    }

    private static List<(Reminder, string)> ReadAll(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {Columns} FROM reminders";
        using var row = command.ExecuteReader();
        var content = new List<(Reminder, string)>();
        while (row.Read())
        {
            var when = new Recurrence(
                Moment(row.GetInt64(6)),
                row.IsDBNull(8) ? null : new Period(row.GetInt32(7), TimeSpan.FromTicks(row.GetInt64(8))),
                row.IsDBNull(9) ? null : row.GetInt32(9),
                row.IsDBNull(10) ? null : Moment(row.GetInt64(10)));
            var reminder = new Reminder(new ActorAddress(row.GetString(0), row.GetString(1)), row.GetString(2), when)
            {
                Data = row.IsDBNull(4) ? null : row.GetFieldValue<byte[]>(4),
                DueTime = row.GetString(5),
                Retry = new RetryPolicy(TimeSpan.FromTicks(row.GetInt64(11)), row.IsDBNull(12) ? null : row.GetInt32(12)),
            };
            content.Add((reminder, row.GetString(3)));
        }

        return content;
    }

    private static DateTimeOffset Moment(long ticks) => new(ticks, TimeSpan.Zero);

    public async ValueTask DisposeAsync()
    {
        await _writer.DisposeAsync();
        await _owner.DisposeAsync();
    }
}
