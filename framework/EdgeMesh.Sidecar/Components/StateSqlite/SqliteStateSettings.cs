namespace EdgeMesh.Sidecar.Components.StateSqlite;

/// <summary>The component's metadata, read as daprd reads it.</summary>
internal sealed record SqliteStateSettings(string Path, string Table, string MetadataTable)
{
    private static readonly TimeSpan DefaultCleanupInterval = TimeSpan.FromHours(1);

    public static readonly string[] Fields =
        ["connectionString", "tableName", "metadataTableName", "timeoutInSeconds", "timeout", "cleanupInterval", "cleanupIntervalInSeconds", "busyTimeout", "disableWAL"];

    /// <summary>How often expired rows are deleted; null: never.</summary>
    public TimeSpan? CleanupInterval { get; init; }

    /// <summary>The longest wait for another process's lock.</summary>
    public TimeSpan BusyTimeout { get; init; }

    public bool WriteAheadLog { get; init; }

    public static SqliteStateSettings Read(ComponentSpec spec, string workingDirectory)
    {
        var cleanup = (spec["cleanupInterval"] ?? spec["cleanupIntervalInSeconds"]) is { } text ? GoDuration.Parse(text, "cleanupInterval") : DefaultCleanupInterval;
        var busy = spec["busyTimeout"] is { } wait ? GoDuration.Parse(wait, "busyTimeout") : SqliteFile.DefaultBusyTimeout;
        var limit = (spec["timeout"] ?? spec["timeoutInSeconds"]) is { } whole ? GoDuration.Parse(whole, "timeout") : TimeSpan.MaxValue;
        return new SqliteStateSettings(
            SqliteFile.Path(spec["connectionString"] is { Length: > 0 } file ? file : throw new ArgumentException("'connectionString' is missing."), workingDirectory),
            Name(spec["tableName"] ?? "state"),
            Name(spec["metadataTableName"] ?? "metadata"))
        {
            CleanupInterval = cleanup > TimeSpan.Zero ? cleanup : null,
            BusyTimeout = busy < limit ? busy : limit,
            WriteAheadLog = spec["disableWAL"] is not ("true" or "True" or "1"),
        };
    }

    /// <summary>Table names go into statements as they are.</summary>
    private static string Name(string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')
            ? name
            : throw new ArgumentException($"'{name}' is no table name: letters, digits and underscores only.");
}
