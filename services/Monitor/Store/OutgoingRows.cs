using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Which rows wait to be forwarded, in the order in which they came: written in the transaction of the rows themselves, so that a
/// crash leaves both or neither. Bounded: the oldest of the rest makes room, then the oldest error.</summary>
internal sealed class OutgoingRows : IDisposable
{
    /// <summary>Errors go before everything else but reports.</summary>
    public const int Errors = 1;

    /// <summary>Rolled up from the points when it is their turn, so none of them waits here.</summary>
    public const int Metrics = 2;

    /// <summary>Everything else.</summary>
    public const int Rest = 3;

    public const int LogKind = 0;
    public const int SpanKind = 1;
    private const string Unsent = "unsent";

    private readonly SqliteConnection _connection;
    private readonly GivenUp _givenUp;
    private readonly LogLevel _least;
    private readonly int _most;
    private readonly Statement _add;
    private readonly Statement _drop;
    private long _next;
    private long _count;

    /// <param name="connection">The store's thread's.</param>
    /// <param name="givenUp">Counts what makes room.</param>
    /// <param name="least">The least level that is forwarded.</param>
    /// <param name="most">How many rows may wait.</param>
    public OutgoingRows(SqliteConnection connection, GivenUp givenUp, LogLevel least, int most)
    {
        (_connection, _givenUp, _least, _most) = (connection, givenUp, least, most);
        _add = new(connection, "INSERT INTO outgoing VALUES ($class, $n, $kind, $row)", "$class", "$n", "$kind", "$row");
        _drop = new(connection, "DELETE FROM outgoing WHERE class = $class AND n IN (SELECT n FROM outgoing WHERE class = $class ORDER BY n LIMIT $most)", "$class", "$most");
        Reload();
    }

    public void Add(long row, LogLine line)
    {
        if (line.Level >= _least)
        {
            Add(line.Level >= LogLevel.Error ? Errors : Rest, LogKind, row);
        }
    }

    public void Add(long row, SpanRow span) => Add(span.IsError ? Errors : Rest, SpanKind, row);

    /// <summary>So many went into a parcel.</summary>
    public void Taken(long rows) => _count -= rows;

    /// <summary>After a transaction that failed: counts anew.</summary>
    public void Reload()
    {
        using var command = _connection.CreateCommand();
        command.CommandText = "SELECT count(*), coalesce(max(n), 0) FROM outgoing";
        using var reader = command.ExecuteReader();
        reader.Read();
        (_count, _next) = (reader.GetInt64(0), Math.Max(_next, reader.GetInt64(1)));
    }

    public void Dispose()
    {
        _add.Dispose();
        _drop.Dispose();
    }

    private void Add(int importance, int kind, long row)
    {
        _add.Run(importance, ++_next, kind, row);
        if (++_count > _most)
        {
            var some = Math.Max(1, _most / 10);
            var dropped = _drop.Run(Rest, some) is > 0 and var rest ? rest : _drop.Run(Errors, some);
            _givenUp.Add(Unsent, dropped);
            _count -= dropped;
        }
    }
}
