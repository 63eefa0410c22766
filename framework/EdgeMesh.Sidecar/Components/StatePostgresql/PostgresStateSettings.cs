using Npgsql;

namespace EdgeMesh.Sidecar.Components.StatePostgresql;

/// <summary>The component's metadata, read as daprd reads it.</summary>
/// <param name="ConnectionString">For Npgsql, the pool included.</param>
/// <param name="Prefix">What goes before the table's name; may hold a schema.</param>
/// <param name="MetadataTable">Where daprd keeps which migrations ran.</param>
internal sealed record PostgresStateSettings(string ConnectionString, string Prefix, string MetadataTable)
{
    private const int LeastConnections = 4;
    private const int MostConnections = 1000;
    private const int PreparedStatements = 32;
    private static readonly TimeSpan DefaultCleanupInterval = TimeSpan.FromHours(1);
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(20);

    public static readonly string[] Fields =
    [
        "connectionString", "host", "hostaddr", "port", "database", "user", "password", "sslRootCert", "tablePrefix", "metadataTableName",
        "timeout", "timeoutInSeconds", "cleanupInterval", "cleanupIntervalInSeconds", "maxConns", "connectionMaxIdleTime", "queryExecMode",
    ];

    /// <summary>How often expired rows are deleted; null: never.</summary>
    public TimeSpan? CleanupInterval { get; init; }

    public string Table => Prefix + "state";

    /// <exception cref="ArgumentException">A value is missing, or is no such value.</exception>
    public static PostgresStateSettings Read(ComponentSpec spec)
    {
        var cleanup = spec.Duration(spec.Text("cleanupInterval") is null ? "cleanupIntervalInSeconds" : "cleanupInterval", DefaultCleanupInterval);
        return new PostgresStateSettings(Connection(spec).ToString(), Name(spec.Text("tablePrefix") ?? ""), Name(spec.Text("metadataTableName") ?? "dapr_metadata"))
        {
            CleanupInterval = cleanup > TimeSpan.Zero ? cleanup : null,
        };
    }

    private static NpgsqlConnectionStringBuilder Connection(ComponentSpec spec)
    {
        if (spec.Text("connectionString") is null && spec.Text("host") is null && spec.Text("hostaddr") is null)
        {
            throw new ArgumentException("'connectionString' is missing. Give one such as host=localhost user=app password=… database=app.");
        }

        var builder = PostgresConnectionString.Parse(spec.Text("connectionString") ?? "");
        builder.Host = spec.Text("hostaddr") ?? spec.Text("host") ?? builder.Host;
        builder.Port = (int)spec.Number("port", builder.Port, 1, ushort.MaxValue);
        builder.Database = spec.Text("database") ?? builder.Database;
        builder.Username = spec.Text("user") ?? builder.Username;
        builder.Password = spec.Text("password") ?? builder.Password;
        builder.RootCertificate = spec.Text("sslRootCert") ?? builder.RootCertificate;
        var timeout = spec.Duration(spec.Text("timeout") is null ? "timeoutInSeconds" : "timeout", DefaultTimeout);
        builder.CommandTimeout = timeout >= TimeSpan.FromSeconds(1) ? (int)timeout.TotalSeconds : throw new ArgumentException("'timeout' must be at least 1 s.");
        var connections = (int)spec.Number("maxConns", 0, int.MinValue, MostConnections);
        builder.MaxPoolSize = connections > 0 ? connections : Math.Max(LeastConnections, Environment.ProcessorCount);
        builder.ConnectionIdleLifetime = (int)spec.Duration("connectionMaxIdleTime", TimeSpan.FromSeconds(builder.ConnectionIdleLifetime)).TotalSeconds;
        // Statements are prepared on the server, except behind a pooler, where a statement may run on another connection.
        var mode = spec.Choice("queryExecMode", "cache_statement", "cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol");
        (builder.MaxAutoPrepare, builder.AutoPrepareMinUsages) = (mode == "cache_statement" ? PreparedStatements : 0, 2);
        builder.Enlist = false;
        return builder;
    }

    /// <summary>Table names go into statements as they are.</summary>
    private static string Name(string name) =>
        name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.')
            ? name
            : throw new ArgumentException($"'{name}' is no table name: letters, digits, underscores, and a dot after a schema only.");
}
