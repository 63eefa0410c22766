using Npgsql;

namespace EdgeMesh.Sidecar.Components;

/// <summary>How a component reaches PostgreSQL, by the fields that all of daprd's components for it share.</summary>
internal static class PostgresServer
{
    private const int LeastConnections = 4;
    private const int MostConnections = 1000;
    private const int PreparedStatements = 32;
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(20);

    public static readonly string[] Fields =
        ["connectionString", "host", "hostaddr", "port", "database", "user", "password", "sslRootCert", "timeout", "timeoutInSeconds", "maxConns", "connectionMaxIdleTime", "queryExecMode"];

    /// <summary>For Npgsql, the pool included.</summary>
    /// <exception cref="ArgumentException">A value is missing, or is no such value.</exception>
    public static string ConnectionString(ComponentSpec spec)
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
        return builder.ToString();
    }
}
