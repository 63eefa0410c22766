using System.Text;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Components.StateSqlite;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.State;

public sealed class SqliteStateStoreTests : IDisposable
{
    private readonly string _folder = TestSidecar.TemporaryFolder();
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(60));

    [Fact]
    public async Task Write_ManyAtOnce_AllStandAndShareCommits()
    {
        await using var store = Open();
        await Task.WhenAll(Enumerable.Range(0, 2000).Select(n => store.WriteAsync(Set($"k{n}", n.ToString()), TestSidecar.Cancellation)));
        for (var n = 0; n < 2000; n += 97)
        {
            Assert.Equal(n.ToString(), Text(await store.GetAsync($"k{n}", TestSidecar.Cancellation)));
        }
    }

    [Fact]
    public async Task Write_OneRefusedAmongMany_LeavesItsNeighboursAlone()
    {
        await using var store = Open();
        await store.WriteAsync(Set("taken", "1"), TestSidecar.Cancellation);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 300).Select(n => n % 3 == 0
            ? store.TransactAsync([Set($"half{n}", "x"), Set("taken", "2") with { ETag = "stale" }], TestSidecar.Cancellation)
            : store.WriteAsync(Set($"ok{n}", "y"), TestSidecar.Cancellation)));
        Assert.Equal(100, outcomes.Count(o => o == StateOutcome.ETagMismatch));
        Assert.Null(await store.GetAsync("half0", TestSidecar.Cancellation));
        Assert.Equal("y", Text(await store.GetAsync("ok1", TestSidecar.Cancellation)));
        Assert.Equal("1", Text(await store.GetAsync("taken", TestSidecar.Cancellation)));
    }

    /// <summary>What a crash leaves: the files as they are at this moment, without the store having closed them.</summary>
    [Fact]
    public async Task Write_Acknowledged_IsInAFileThatWasNeverClosed()
    {
        await using var store = Open();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(n => store.WriteAsync(Set($"k{n}", "v"), TestSidecar.Cancellation)));
        var crashed = Directory.CreateDirectory(Path.Combine(_folder, "crashed")).FullName;
        foreach (var file in Directory.GetFiles(_folder, "state.db*").Where(f => !f.EndsWith("-shm", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(crashed, Path.GetFileName(file)));
        }

        await using var after = Open(crashed);
        for (var n = 0; n < 200; n++)
        {
            Assert.Equal("v", Text(await after.GetAsync($"k{n}", TestSidecar.Cancellation)));
        }
    }

    [Fact]
    public async Task Open_AFileOfAnEarlierProcess_KeepsValuesAndETags()
    {
        StateItem written;
        await using (var store = Open())
        {
            await store.WriteAsync(Set("k", "v") with { Json = true }, TestSidecar.Cancellation);
            written = (await store.GetAsync("k", TestSidecar.Cancellation))!;
        }

        await using var later = Open();
        Assert.Equal(StateOutcome.Done, await later.WriteAsync(Set("k", "w") with { ETag = written.ETag }, TestSidecar.Cancellation));
    }

    [Fact]
    public async Task Cleanup_AfterItsInterval_DeletesWhatHasExpired()
    {
        await using var store = Open(fields: ("cleanupInterval", "1m"));
        await store.WriteAsync(Set("old", "1") with { TtlSeconds = 5 }, TestSidecar.Cancellation);
        await store.WriteAsync(Set("kept", "1"), TestSidecar.Cancellation);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await store.WriteAsync(Set("behind the cleanup", "1"), TestSidecar.Cancellation);
        Assert.Equal(2L, Count());
    }

    [Theory]
    [InlineData("connectionString", "", "'connectionString' is missing")]
    [InlineData("connectionString", ":memory:", "In-memory", StringComparison.OrdinalIgnoreCase)]
    [InlineData("connectionString", "file:x.db?cache=shared", "'cache=shared'")]
    [InlineData("tableName", "state; DROP TABLE x", "no table name")]
    [InlineData("cleanupInterval", "soon", "'cleanupInterval' must be a duration")]
    public void Open_BadSettings_NameTheField(string field, string value, string expected, StringComparison comparison = StringComparison.Ordinal)
    {
        var error = Assert.Throws<ArgumentException>(() => { Open(fields: (field, value)); });
        Assert.Contains(expected, error.Message.Replace("An in-memory", "In-memory", comparison), comparison);
    }

    [Fact]
    public async Task Open_DaprsConnectionStringWithPragmas_IsTheSameFile()
    {
        await using (var store = Open(fields: ("connectionString", "file:state.db?_pragma=busy_timeout(5000)&_txlock=immediate")))
        {
            await store.WriteAsync(Set("k", "v"), TestSidecar.Cancellation);
        }

        Assert.Equal(1L, Count());
    }

    private SqliteStateStore Open(string? folder = null, params (string Name, string Value)[] fields)
    {
        var metadata = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase) { ["connectionString"] = "state.db" };
        foreach (var (name, value) in fields)
        {
            metadata[name] = value;
        }

        var context = new ComponentContext(folder ?? _folder, _clock, new Dictionary<string, string>(), _ => null);
        return SqliteStateStore.Open(new ComponentSpec("s", "state.sqlite", "v1", metadata), context);
    }

    private static StateWrite Set(string key, string value) => new(key, Encoding.UTF8.GetBytes(value));

    private static string? Text(StateItem? item) => item is null ? null : Encoding.UTF8.GetString(item.Value.Span);

    private long Count()
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_folder, "state.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM state";
        return (long)command.ExecuteScalar()!;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
