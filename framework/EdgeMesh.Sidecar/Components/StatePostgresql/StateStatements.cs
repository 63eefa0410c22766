using System.Data.Common;
using Npgsql;
using NpgsqlTypes;

namespace EdgeMesh.Sidecar.Components.StatePostgresql;

/// <summary>The statements of one state table. Times are the database's own: several processes share the table, each with a clock of its own.</summary>
internal sealed class StateStatements(string table)
{
    private const string Unexpired = "(expires_at IS NULL OR expires_at >= now())";
    private const string Expiry = "now() + make_interval(secs => $3)";

    private readonly string _upsert = Upsert(table, "");
    private readonly string _insert = Upsert(table, " WHERE t.expires_at IS NOT NULL AND t.expires_at < now()");
    private readonly string _replace =
        $"UPDATE {table} SET value = $2, etag = gen_random_uuid(), updated_at = now(), expires_at = {Expiry} WHERE key = $1 AND etag = $4 AND {Unexpired}";
    private readonly string _delete = $"DELETE FROM {table} WHERE key = $1";
    private readonly string _deleteByETag = $"DELETE FROM {table} WHERE key = $1 AND etag = $2";

    public string Get { get; } = $"SELECT value, etag, expires_at FROM {table} WHERE key = $1 AND {Unexpired}";

    public string GetMany { get; } = $"SELECT value, etag, expires_at, key FROM {table} WHERE key = ANY($1) AND {Unexpired}";

    public string RemoveExpired { get; } = $"DELETE FROM {table} WHERE expires_at IS NOT NULL AND expires_at < now()";

    private static string Upsert(string table, string condition) =>
        $"INSERT INTO {table} AS t (key, value, etag, expires_at) VALUES ($1, $2, gen_random_uuid(), {Expiry}) " +
        $"ON CONFLICT (key) DO UPDATE SET value = excluded.value, etag = excluded.etag, updated_at = now(), expires_at = excluded.expires_at{condition}";

    /// <summary>Null: no row can have such an ETag.</summary>
    public string? Text(StateWrite write, DbParameterCollection parameters)
    {
        Guid etag = default;
        if (write.ETag is not null && !Guid.TryParse(write.ETag, out etag))
        {
            return null;
        }

        parameters.Add(new NpgsqlParameter<string> { TypedValue = write.Key });
        if (write.Value is { } value)
        {
            parameters.Add(new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Bytea });
            parameters.Add(new NpgsqlParameter<double?> { TypedValue = write.TtlSeconds is > 0 and var seconds ? seconds : null, NpgsqlDbType = NpgsqlDbType.Double });
        }

        if (write.ETag is not null)
        {
            parameters.Add(new NpgsqlParameter<Guid> { TypedValue = etag });
        }

        return write switch
        {
            { Value: null, ETag: null } => _delete,
            { Value: null } => _deleteByETag,
            { ETag: not null } => _replace,
            { FirstWrite: true } => _insert,
            _ => _upsert,
        };
    }

    /// <summary>What a statement's count of rows says. A delete without an ETag asks for a key that is not there, whether or not it was.</summary>
    /// <exception cref="InvalidOperationException">A first-write without an ETag found the key, which daprd tells as a failure and not as a lost race.</exception>
    public static StateOutcome Outcome(StateWrite write, long rows) => (rows, write) switch
    {
        (> 0, _) or (_, { Value: null, ETag: null }) => StateOutcome.Done,
        (_, { ETag: null }) => throw new InvalidOperationException("no item was updated"),
        _ => StateOutcome.ETagMismatch,
    };
}
