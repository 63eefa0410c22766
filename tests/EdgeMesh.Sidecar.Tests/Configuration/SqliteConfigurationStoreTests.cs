using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.ConfigurationSqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Configuration;

public sealed class SqliteConfigurationStoreTests : IDisposable
{
    private readonly string _folder = TestSidecar.TemporaryFolder();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(60));

    [Fact]
    public async Task Get_WhatAnotherProgramWrote_IsThereWithAVersionThatCounts()
    {
        await using var store = Open();
        Set("level", "debug");
        Assert.Equal(("debug", "1"), Read(store, "level"));
        Set("level", "info");
        Assert.Equal(("info", "2"), Read(store, "level"));
        Assert.Empty(store.Get(["nosuch"]));
        Assert.Single(store.Get([]));
    }

    [Fact]
    public async Task Get_AfterARestart_IsTheSame()
    {
        await using (Open())
        {
            Set("level", "debug");
        }

        await using var again = Open();
        Assert.Equal(("debug", "1"), Read(again, "level"));
    }

    [Fact]
    public async Task Get_Metadata_IsWhatTheRowSays()
    {
        await using var store = Open();
        Execute("""INSERT INTO configuration (key, value, metadata) VALUES ('a', '1', '{"unit":"s"}'), ('b', '2', 'no json')""");
        var values = store.Get([]);
        Assert.Equal("s", values["a"].Metadata["unit"]);
        Assert.Empty(values["b"].Metadata);
    }

    [Fact]
    public async Task Listen_ChangedAddedAndDeleted_AreToldAtTheNextLook()
    {
        await using var store = Open();
        Set("kept", "1");
        Set("changed", "1");
        Set("deleted", "1");
        _clock.Advance(TimeSpan.FromSeconds(1));
        var told = new List<IReadOnlyDictionary<string, ConfigurationValue>>();
        using var listening = store.Listen(told.Add, ConfigurationValue.NoMetadata);

        Set("changed", "2");
        Set("added", "1");
        Execute("DELETE FROM configuration WHERE key = 'deleted'");
        Assert.Empty(told);
        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([("added", "1"), ("changed", "2"), ("deleted", "")], Assert.Single(told).Select(c => (c.Key, c.Value.Value)).OrderBy(c => c.Key, StringComparer.Ordinal));
        _clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Single(told);
    }

    [Fact]
    public async Task Listen_WhatWasSetJustBefore_IsNotTold()
    {
        await using var store = Open();
        Set("a", "before");
        var told = new List<IReadOnlyDictionary<string, ConfigurationValue>>();
        using var listening = store.Listen(told.Add, ConfigurationValue.NoMetadata);
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(told);
        Set("a", "after");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("after", Assert.Single(told)["a"].Value);
    }

    [Fact]
    public async Task Listen_Disposed_HearsNothingMore()
    {
        await using var store = Open();
        var told = 0;
        store.Listen(_ => told++, ConfigurationValue.NoMetadata).Dispose();
        Set("a", "1");
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, told);
    }

    [Theory]
    [InlineData("pollInterval", "0s")]
    [InlineData("pollInterval", "often")]
    public void Open_NoSuchInterval_IsRefusedByName(string field, string value) =>
        Assert.Contains(field, Assert.Throws<ArgumentException>(() => Open((field, value))).Message, StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static (string Value, string Version) Read(SqliteConfigurationStore store, string key) => store.Get([key])[key] is var value ? (value.Value, value.Version) : default;

    private SqliteConfigurationStore Open(params (string Key, string Value)[] fields) => SqliteConfigurationStore.Open(
        new ComponentSpec("settings", "configuration.edgemesh.sqlite", "v1", fields.Append(("connectionString", "settings.db")).ToDictionary(f => f.Item1, f => f.Item2)),
        new ComponentContext(_folder, _clock, new Dictionary<string, string>(), _ => null));

    private void Set(string key, string value) => Execute($"INSERT INTO configuration (key, value) VALUES ('{key}', '{value}') ON CONFLICT (key) DO UPDATE SET value = excluded.value");

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "settings.db")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
