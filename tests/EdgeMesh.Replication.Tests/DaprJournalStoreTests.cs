using EdgeMesh.Testing;
using static EdgeMesh.Replication.Tests.TestJournal;

namespace EdgeMesh.Replication.Tests;

/// <summary>The store behind Dapr, on the embedded sidecar with SQLite files.</summary>
public sealed class DaprJournalStoreTests : IAsyncLifetime
{
    private const string Components = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: heads
        spec:
          type: state.sqlite
          version: v1
          metadata:
            - name: connectionString
              value: heads.db
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata:
          name: bodies
        spec:
          type: state.sqlite
          version: v1
          metadata:
            - name: connectionString
              value: bodies.db
        """;

    private DaprTestHost _host = null!;
    private DaprJournalStore _store = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _host = await DaprTestHost.StartAsync(new DaprTestHostOptions { Apps = [new TestApp("records")], Resources = Components }, Cancel);
        _store = new DaprJournalStore(_host.Dapr("records"));
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    [Fact]
    public async Task Bodies_AnyBytes_ComeBackAsTheyWere()
    {
        var binary = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        var large = new byte[1024 * 1024];
        Random.Shared.NextBytes(large);
        await _store.PutBodiesAsync([new("a", binary), new("b", large), new("c", "{\"json\":1}"u8.ToArray())], Cancel);

        var found = await _store.GetBodiesAsync(["c", "missing", "a", "b"], Cancel);

        Assert.Equal("{\"json\":1}"u8.ToArray(), found[0]!.Value.ToArray());
        Assert.Null(found[1]);
        Assert.Equal(binary, found[2]!.Value.ToArray());
        Assert.Equal(large, found[3]!.Value.ToArray());
        await _store.DeleteBodyAsync("a", Cancel);
        await _store.DeleteBodyAsync("a", Cancel);
        Assert.Null(await _store.GetBodyAsync("a", Cancel));
    }

    [Fact]
    public async Task TransactAsync_StaleGuard_WritesNothing()
    {
        Assert.True(await _store.TransactAsync([new RowWrite("head", Bytes("1"), RowGuard.Absent)], Cancel));
        var first = (await _store.GetRowAsync("head", Cancel))!;
        Assert.True(await _store.TransactAsync([new RowWrite("head", Bytes("2"), RowGuard.Matches(first.ETag)), new RowWrite("row", Bytes("x"), RowGuard.None)], Cancel));

        Assert.False(await _store.TransactAsync([new RowWrite("row", Bytes("y"), RowGuard.None), new RowWrite("head", Bytes("3"), RowGuard.Matches(first.ETag))], Cancel));
        Assert.False(await _store.TransactAsync([new RowWrite("row", Bytes("z"), RowGuard.None), new RowWrite("head", Bytes("3"), RowGuard.Absent)], Cancel));

        var rows = await _store.GetRowsAsync(["row", "none", "head"], Cancel);
        Assert.Equal(("x", "2"), (Text(rows[0]!.Value), Text(rows[2]!.Value)));
        Assert.Null(rows[1]);
        Assert.True(await _store.TransactAsync([new RowWrite("row", null, RowGuard.None)], Cancel));
        Assert.Null(await _store.GetRowAsync("row", Cancel));
    }

    [Fact]
    public async Task TransactAsync_OverALimit_Throws()
    {
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.TransactAsync([.. Enumerable.Range(0, 65).Select(i => new RowWrite($"{i}", Bytes("x"), RowGuard.None))], Cancel));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _store.PutBodiesAsync([new("large", new byte[1024 * 1024 + 1])], Cancel));
    }

    [Fact]
    public async Task Journal_WritersRacingOverReopens_LoseNothing()
    {
        var written = new List<string>();
        for (var round = 0; round < 3; round++)
        {
            await using var journal = await OpenAsync(_store);
            var ids = Enumerable.Range(0, 40).Select(i => $"clinic-a-{round}-{i}").ToArray();
            await Task.WhenAll(ids.Select(id => journal.WriteAsync(Create(id, id))));
            written.AddRange(ids);
        }

        await using var again = await OpenAsync(_store);
        var documents = await again.GetManyAsync([.. written.Select(Key)], Cancel);
        Assert.Equal(written, documents.Select(d => Text(d!.Body)));
        Assert.Equal(120, (await again.ReadAllAsync()).Count);
    }

    [Fact]
    public async Task Journal_TwoThousandChangesAtOnce_AreOneBatch()
    {
        var body = new string('z', 1_000);
        await using (var journal = await OpenAsync(_store))
        {
            await journal.WriteAsync([.. Enumerable.Range(0, 2_000).Select(i => Create($"clinic-a-{i}", body + i))]);
        }

        await using var again = await OpenAsync(_store);
        Assert.Equal(new Position(1, 1, 1_999), again.Head);
        Assert.Equal(body + 1_234, await again.BodyAsync("clinic-a-1234"));
    }

    [Fact]
    public async Task Journal_TwoOwners_FenceEachOther()
    {
        await using var one = await OpenAsync(_store);
        await using var two = await OpenAsync(_store);
        await two.WriteAsync(Create("clinic-a-1", "two"));

        Assert.Equal("two", Text(Assert.IsType<CommitResult.Stale>(await one.CommitAsync(Commit(Create("clinic-a-1")), Cancel)).Current!.Body));
        await one.WriteAsync(Create("clinic-a-2"));
        Assert.IsType<CommitResult.Stale>(await two.CommitAsync(Commit(Create("clinic-a-2")), Cancel));
    }
}
