namespace EdgeMesh.Sidecar.Components.StatePostgresql;

/// <summary>The component's metadata, read as daprd reads it.</summary>
/// <param name="ConnectionString">For Npgsql, the pool included.</param>
/// <param name="Prefix">What goes before the table's name; may hold a schema.</param>
/// <param name="MetadataTable">Where daprd keeps which migrations ran.</param>
internal sealed record PostgresStateSettings(string ConnectionString, string Prefix, string MetadataTable)
{
    private static readonly TimeSpan DefaultCleanupInterval = TimeSpan.FromHours(1);

    public static readonly string[] Fields =
        [.. PostgresServer.Fields, "tablePrefix", "metadataTableName", "cleanupInterval", "cleanupIntervalInSeconds"];

    /// <summary>How often expired rows are deleted; null: never.</summary>
    public TimeSpan? CleanupInterval { get; init; }

    public string Table => Prefix + "state";

    /// <exception cref="ArgumentException">A value is missing, or is no such value.</exception>
    public static PostgresStateSettings Read(ComponentSpec spec)
    {
        var cleanup = spec.Duration(spec.Text("cleanupInterval") is null ? "cleanupIntervalInSeconds" : "cleanupInterval", DefaultCleanupInterval);
        return new PostgresStateSettings(PostgresServer.ConnectionString(spec), Name(spec.Text("tablePrefix") ?? ""), Name(spec.Text("metadataTableName") ?? "dapr_metadata"))
        {
            CleanupInterval = cleanup > TimeSpan.Zero ? cleanup : null,
        };
    }

    /// <summary>Table names go into statements as they are.</summary>
    private static string Name(string name) =>
        name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.')
            ? name
            : throw new ArgumentException($"'{name}' is no table name: letters, digits, underscores, and a dot after a schema only.");
}
