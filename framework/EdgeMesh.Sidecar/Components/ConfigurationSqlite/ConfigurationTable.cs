using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Sidecar.Components.ConfigurationSqlite;

/// <summary>The file's one table, which whoever configures the site writes with any SQLite client:
/// <c>INSERT INTO configuration (key, value) VALUES ('log-level', 'debug') ON CONFLICT (key) DO UPDATE SET value = excluded.value</c>.
/// Triggers count the version, so that nobody has to.</summary>
internal static class ConfigurationTable
{
    /// <summary>More than any site has settings; what is over it is not read, and the component says so.</summary>
    public const int Limit = 10_000;

    private const string Tables = """
        BEGIN IMMEDIATE;
        CREATE TABLE IF NOT EXISTS configuration (
          key TEXT NOT NULL PRIMARY KEY,
          value TEXT NOT NULL,
          version INTEGER NOT NULL DEFAULT 1,
          metadata TEXT NOT NULL DEFAULT '{}'
        );
        CREATE TRIGGER IF NOT EXISTS configuration_version AFTER UPDATE OF value, metadata ON configuration WHEN new.version = old.version
        BEGIN
          UPDATE configuration SET version = old.version + 1 WHERE key = new.key;
        END;
        COMMIT;
        """;

    public static void Create(SqliteConnection connection) => SqliteFile.Execute(connection, Tables);

    /// <exception cref="InvalidDataException">There are more settings than are served.</exception>
    public static Dictionary<string, ConfigurationValue> Read(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT key, value, version, metadata FROM configuration LIMIT {Limit + 1}";
        using var rows = command.ExecuteReader();
        var values = new Dictionary<string, ConfigurationValue>(StringComparer.Ordinal);
        while (rows.Read())
        {
            values[rows.GetString(0)] = new ConfigurationValue(rows.GetString(1), rows.GetString(2), Metadata(rows.GetString(3)));
        }

        return values.Count <= Limit ? values : throw new InvalidDataException($"There are more than {Limit} settings in the table 'configuration'. Delete those that nobody reads.");
    }

    /// <summary>Changes with every commit of another connection, and costs no read of the table.</summary>
    public static long DataVersion(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA data_version";
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>A JSON object of strings; anything else says nothing, and keeps no value from being read.</summary>
    private static IReadOnlyDictionary<string, string> Metadata(string json)
    {
        if (json is "{}" or "")
        {
            return ConfigurationValue.NoMetadata;
        }

        try
        {
            return JsonSerializer.Deserialize(json, PlainJson.Default.DictionaryStringString) ?? ConfigurationValue.NoMetadata;
        }
        catch (JsonException)
        {
            return ConfigurationValue.NoMetadata;
        }
    }
}

/// <param name="Value">The text.</param>
/// <param name="Version">Changes with the value; empty for one that was deleted.</param>
/// <param name="Metadata">What the one who set it added.</param>
internal sealed record ConfigurationValue(string Value, string Version, IReadOnlyDictionary<string, string> Metadata)
{
    public static readonly IReadOnlyDictionary<string, string> NoMetadata = new Dictionary<string, string>();

    /// <summary>What subscribers see of a key that is gone.</summary>
    public static readonly ConfigurationValue Deleted = new("", "", NoMetadata);

    public bool IsSameAs(ConfigurationValue other) =>
        Value == other.Value && Version == other.Version && Metadata.Count == other.Metadata.Count && !Metadata.Except(other.Metadata).Any();
}
