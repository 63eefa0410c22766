using System.Text;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>A query as it grows: conditions and their values. Nothing that a user gave is ever part of the text.</summary>
internal sealed class ReadStatement(string select)
{
    private readonly StringBuilder _sql = new(select);
    private readonly List<object> _values = [];
    private string _glue = " WHERE ";

    /// <param name="condition">With <c>$$</c> in place of the value.</param>
    /// <param name="value">Null: no condition.</param>
    public ReadStatement Where(string condition, object? value)
    {
        return value is null ? this : Where(condition.Replace("$$", Bind(value), StringComparison.Ordinal));
    }

    public ReadStatement Where(string condition)
    {
        _sql.Append(_glue).Append(condition);
        _glue = " AND ";
        return this;
    }

    public ReadStatement Then(string rest)
    {
        _sql.Append(' ').Append(rest);
        return this;
    }

    /// <summary>The rows that a service or site wrote.</summary>
    public ReadStatement FromSource(string column, string? site, string? service) =>
        Sources(site, service) is { } sources ? Where($"{column} IN ({sources})") : this;

    /// <summary>The traces in which a service or site has a span.</summary>
    public ReadStatement TookPart(string? site, string? service) => Sources(site, service) is { } sources
        ? Where($"EXISTS (SELECT 1 FROM span WHERE span.trace = trace.trace AND span.source IN ({sources}))")
        : this;

    public SqliteCommand Command(SqliteConnection connection)
    {
        var command = connection.CreateCommand();
        command.CommandText = _sql.ToString();
        for (var i = 0; i < _values.Count; i++)
        {
            command.Parameters.AddWithValue($"${i}", _values[i]);
        }

        return command;
    }

    /// <summary>What LIKE looks for to find a text anywhere, with <c>ESCAPE '\'</c>.</summary>
    public static string? Anywhere(string? text) => string.IsNullOrEmpty(text)
        ? null
        : $"%{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("%", "\\%", StringComparison.Ordinal).Replace("_", "\\_", StringComparison.Ordinal)}%";

    private string? Sources(string? site, string? service) => (site, service) switch
    {
        (null, null) => null,
        (not null, null) => $"SELECT n FROM source WHERE site = {Bind(site)}",
        (null, not null) => $"SELECT n FROM source WHERE service = {Bind(service)}",
        _ => $"SELECT n FROM source WHERE site = {Bind(site)} AND service = {Bind(service)}",
    };

    private string Bind(object value)
    {
        _values.Add(value);
        return $"${_values.Count - 1}";
    }
}
