using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Indexing;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Records.Projection;

/// <summary>Writes rows, on the one connection that may. Not for concurrent use: its owner is the follower.</summary>
internal sealed class ProjectionWriter : IDisposable
{
    private const long TicksPerDay = TimeSpan.TicksPerDay;

    private readonly FactsSeal _seal;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _find;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _update;
    private readonly SqliteCommand _addToken;
    private readonly SqliteCommand _dropToken;
    private readonly SqliteCommand _place;

    public ProjectionWriter(ProjectionFile file, FactsSeal seal)
    {
        _seal = seal;
        _connection = file.OpenToWrite();
        _find = Command("SELECT n, tokens FROM doc WHERE type = $type AND id = $id", "$type", "$id");
        _insert = Command(
            "INSERT INTO doc (type, id, version, updated, owner, held, state, since, until, facts, tokens) VALUES ($type, $id, $version, $updated, $owner, $held, $state, $since, $until, $facts, $tokens) RETURNING n",
            "$type", "$id", "$version", "$updated", "$owner", "$held", "$state", "$since", "$until", "$facts", "$tokens");
        _update = Command(
            "UPDATE doc SET version = $version, updated = $updated, owner = $owner, held = $held, state = $state, since = $since, until = $until, facts = $facts, tokens = $tokens WHERE n = $n",
            "$n", "$version", "$updated", "$owner", "$held", "$state", "$since", "$until", "$facts", "$tokens");
        _addToken = Command("INSERT OR IGNORE INTO tok VALUES ($token, $doc)", "$token", "$doc");
        _dropToken = Command("DELETE FROM tok WHERE token = $token AND doc = $doc", "$token", "$doc");
        _place = Command("UPDATE about SET value = $value WHERE name = 'position'", "$value");
    }

    public Position ReadPosition()
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT value FROM about WHERE name = 'position'";
        return Position.TryParse(command.ExecuteScalar() as string, out var position) ? position : Position.Start;
    }

    /// <summary>Empties the projection, for a journal whose positions are not the ones it followed.</summary>
    public void Clear()
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "BEGIN; DELETE FROM doc; DELETE FROM tok; UPDATE about SET value = '0.0.0' WHERE name = 'position'; COMMIT;";
        command.ExecuteNonQuery();
    }

    /// <summary>Writes a stretch and its position, all or nothing.</summary>
    public void Write(IReadOnlyList<RowChange> changes, Position position)
    {
        using var transaction = _connection.BeginTransaction();
        foreach (var command in (SqliteCommand[])[_find, _insert, _update, _addToken, _dropToken, _place])
        {
            command.Transaction = transaction;
        }

        foreach (var change in changes)
        {
            Write(change);
        }

        _place.Parameters[0].Value = position.ToString();
        _place.ExecuteNonQuery();
        transaction.Commit();
    }

    public void Dispose()
    {
        foreach (var command in (SqliteCommand[])[_find, _insert, _update, _addToken, _dropToken, _place])
        {
            command.Dispose();
        }

        _connection.Dispose();
    }

    private void Write(RowChange change)
    {
        var known = Find(change.Key);
        switch (change)
        {
            case { State: RowState.Live, Entry: { } entry } when known is { } row:
                Bind(_update, 1, change, entry);
                _update.Parameters[0].Value = row.Number;
                _update.ExecuteNonQuery();
                SwapTokens(row.Number, row.Tokens, entry.Tokens);
                break;
            case { State: RowState.Live, Entry: { } entry }:
                Bind(_insert, 2, change, entry);
                _insert.Parameters[0].Value = change.Key.Collection;
                _insert.Parameters[1].Value = change.Key.Id;
                SwapTokens((long)_insert.ExecuteScalar()!, [], entry.Tokens);
                break;
            case { } when known is { } row:
                Bury(row.Number, change);
                SwapTokens(row.Number, row.Tokens, []);
                break;
        }
    }

    private (long Number, long[] Tokens)? Find(DocumentKey key)
    {
        _find.Parameters[0].Value = key.Collection;
        _find.Parameters[1].Value = key.Id;
        using var reader = _find.ExecuteReader();
        return reader.Read() ? (reader.GetInt64(0), TokenBytes.Read((byte[])reader[1])) : null;
    }

    private void Bind(SqliteCommand command, int at, RowChange change, IndexEntry entry)
    {
        var parameters = command.Parameters;
        parameters[at].Value = change.Version;
        parameters[at + 1].Value = change.Updated;
        parameters[at + 2].Value = change.OwnerSite;
        parameters[at + 3].Value = change.HeldUnder ?? "";
        parameters[at + 4].Value = (int)change.State;
        parameters[at + 5].Value = entry.Dates.IsEmpty ? long.MaxValue : Month(entry.Dates.Min(d => d.From));
        parameters[at + 6].Value = entry.Dates.IsEmpty ? long.MinValue : Month(entry.Dates.Max(d => d.Until));
        parameters[at + 7].Value = _seal.Seal(entry);
        parameters[at + 8].Value = TokenBytes.Write(entry.Tokens.AsSpan());
    }

    /// <summary>The facts stay (a tombstone is told only to those who could read the resource); of a withdrawn copy nothing does.</summary>
    private void Bury(long number, RowChange change)
    {
        using var command = _connection.CreateCommand();
        command.Transaction = _place.Transaction;
        command.CommandText = change.State == RowState.Withdrawn
            ? "UPDATE doc SET state = $state, facts = x'', tokens = x'', since = 0, until = 0 WHERE n = $n"
            : "UPDATE doc SET state = $state, version = $version, updated = $updated, tokens = x'' WHERE n = $n";
        command.Parameters.AddWithValue("$n", number);
        command.Parameters.AddWithValue("$state", (int)change.State);
        command.Parameters.AddWithValue("$version", change.Version);
        command.Parameters.AddWithValue("$updated", change.Updated);
        command.ExecuteNonQuery();
    }

    private void SwapTokens(long doc, IEnumerable<long> old, IReadOnlyCollection<long> now)
    {
        var kept = old.ToHashSet();
        foreach (var token in now.Where(t => !kept.Remove(t)))
        {
            Run(_addToken, token, doc);
        }

        foreach (var token in kept)
        {
            Run(_dropToken, token, doc);
        }
    }

    private static void Run(SqliteCommand command, long token, long doc)
    {
        command.Parameters[0].Value = token;
        command.Parameters[1].Value = doc;
        command.ExecuteNonQuery();
    }

    /// <summary>The file shows dates by the month alone; the day is sealed with the facts.</summary>
    public static long Month(long ticks)
    {
        var date = new DateTime(Math.Clamp(ticks, 0, DateTime.MaxValue.Ticks - TicksPerDay));
        return (date.Year * 12) + date.Month;
    }

    private SqliteCommand Command(string sql, params string[] parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        }

        return command;
    }
}

/// <summary>What happens to a row.</summary>
/// <param name="Key">Which document.</param>
/// <param name="Version">The version.</param>
/// <param name="Updated">When it was recorded, in UTC ticks.</param>
/// <param name="OwnerSite">Its owner.</param>
/// <param name="State">Whether it can be read from now on.</param>
/// <param name="Entry">For a live one: what the index keeps.</param>
/// <param name="HeldUnder">For a copy: the terms under which its owner lets it be held.</param>
internal sealed record RowChange(DocumentKey Key, string Version, long Updated, string OwnerSite, RowState State, IndexEntry? Entry, string? HeldUnder = null);
