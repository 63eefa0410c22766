using System.Text;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Indexing;
using EdgeMesh.Services.Records.Search;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Records.Projection;

/// <summary>Reads rows. The file narrows; what is exact (dates, names) is decided on the opened facts.</summary>
internal sealed class ProjectionReader(ProjectionFile file, FactsSeal seal)
{
    private const string Columns = "SELECT n, type, id, version, updated, owner, state, facts, tokens, held FROM doc d";

    /// <summary>Live rows that match, in the order of their numbers.</summary>
    public IEnumerable<IndexedResource> Find(SearchQuery query, long after = 0, long upTo = long.MaxValue)
    {
        using var connection = file.OpenToRead();
        using var command = connection.CreateCommand();
        command.CommandText = Where(query, command.Parameters);
        command.Parameters.AddWithValue("$after", after);
        command.Parameters.AddWithValue("$upTo", upTo);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            var row = Read(reader);
            if (query.Matches(row.Entry, row.Updated))
            {
                yield return row;
            }
        }
    }

    /// <summary>The row of a document, tombstones included; null when it is unknown or withdrawn.</summary>
    public IndexedResource? Get(DocumentKey key)
    {
        using var connection = file.OpenToRead();
        using var command = connection.CreateCommand();
        command.CommandText = $"{Columns} WHERE type = $type AND id = $id AND state < 2";
        command.Parameters.AddWithValue("$type", key.Collection);
        command.Parameters.AddWithValue("$id", key.Id);
        using var reader = command.ExecuteReader();
        return reader.Read() ? Read(reader) : null;
    }

    /// <summary>The rows of those of the documents that are live here.</summary>
    public IReadOnlyDictionary<DocumentKey, IndexedResource> Live(IReadOnlyCollection<DocumentKey> keys)
    {
        var live = new Dictionary<DocumentKey, IndexedResource>();
        if (keys.Count == 0)
        {
            return live;
        }

        using var connection = file.OpenToRead();
        using var command = connection.CreateCommand();
        command.CommandText = $"{Columns} WHERE type = $type AND id = $id AND state = 0";
        var (type, id) = (command.Parameters.Add("$type", SqliteType.Text), command.Parameters.Add("$id", SqliteType.Text));
        foreach (var key in keys)
        {
            (type.Value, id.Value) = (key.Collection, key.Id);
            using var reader = command.ExecuteReader();
            if (reader.Read())
            {
                live[key] = Read(reader);
            }
        }

        return live;
    }

    /// <summary>The highest number given so far: a search is cut there, so that its pages do not grow while it is read.</summary>
    public long Highest()
    {
        using var connection = file.OpenToRead();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT coalesce(max(n), 0) FROM doc";
        return (long)command.ExecuteScalar()!;
    }

    private IndexedResource Read(SqliteDataReader reader)
    {
        var key = new DocumentKey(reader.GetString(1), reader.GetString(2));
        var entry = seal.Open(key, (byte[])reader[7], TokenBytes.ReadSorted((byte[])reader[8]));
        return new IndexedResource(reader.GetInt64(0), entry, reader.GetString(3), reader.GetInt64(4), reader.GetString(5), (RowState)reader.GetInt32(6),
            reader.GetString(9) is { Length: > 0 } held ? held : null);
    }

    /// <summary>The first criterion drives (its rows are looked up), the others are checked row by row.</summary>
    private static string Where(SearchQuery query, SqliteParameterCollection parameters)
    {
        var sql = new StringBuilder(Columns).Append(" WHERE d.n > $after AND d.n <= $upTo AND d.state = 0");
        if (query.Type is not null)
        {
            parameters.AddWithValue("$type", query.Type);
            sql.Append(query.Criteria.Any(c => c is IdCriterion) || !query.Criteria.Any(c => c is TokenCriterion or NameCriterion) ? " AND d.type = $type" : " AND +d.type = $type");
        }

        var driven = false;
        foreach (var (criterion, index) in query.Criteria.Select((c, i) => (c, i)))
        {
            driven |= Add(sql, criterion, index, driven, parameters);
        }

        return sql.Append(" ORDER BY d.n").ToString();
    }

    /// <summary>Whether the criterion drives from now on.</summary>
    private static bool Add(StringBuilder sql, Criterion criterion, int index, bool driven, SqliteParameterCollection parameters)
    {
        switch (criterion)
        {
            case IdCriterion ids:
                sql.Append(" AND d.id IN (").Append(List(ids.AnyOf, index, parameters)).Append(')');
                return true;
            case TokenCriterion tokens:
                AddTokens(sql, List(tokens.AnyOf, index, parameters), driven);
                return true;
            case NameCriterion names:
                AddTokens(sql, List(names.AnyOf.Select(n => n.Prefix), index, parameters), driven);
                return true;
            case DateCriterion dates:
                parameters.AddWithValue($"$since{index}", ProjectionWriter.Month(dates.AnyOf.Min(t => t.Reach.From)));
                parameters.AddWithValue($"$until{index}", ProjectionWriter.Month(dates.AnyOf.Max(t => t.Reach.Until)));
                sql.Append($" AND d.until >= $since{index} AND d.since <= $until{index}");
                return false;
            default:
                return false;
        }
    }

    private static void AddTokens(StringBuilder sql, string list, bool driven) =>
        sql.Append(driven
            ? $" AND EXISTS (SELECT 1 FROM tok WHERE token IN ({list}) AND doc = d.n)"
            : $" AND d.n IN (SELECT doc FROM tok WHERE token IN ({list}))");

    private static string List<T>(IEnumerable<T> values, int index, SqliteParameterCollection parameters)
    {
        var names = new List<string>();
        foreach (var value in values)
        {
            names.Add($"$v{index}_{names.Count}");
            parameters.AddWithValue(names[^1], value);
        }

        return string.Join(',', names);
    }
}
