using static EdgeMesh.Replication.Tests.TestJournal;

namespace EdgeMesh.Replication.Tests;

public sealed class JournalTests
{
    private readonly MemoryJournalStore _store = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CommitAsync_NewDocument_IsReadAsItWasWritten()
    {
        await using var journal = await OpenAsync(_store);
        var change = new Change(Key("clinic-a-1"), null, Bytes("one")) { Labels = ["N", "PSY"] };

        var committed = await journal.WriteAsync(change);

        var document = await journal.GetAsync(change.Key, Cancel);
        Assert.Equal(new Position(1, 1, 0), committed.At);
        Assert.Equal("clinic-a.1.1.0", document!.Version.ToString());
        Assert.Equal("clinic-a.1:1", document.Vector.ToString());
        Assert.Equal("one", Text(document.Body));
        Assert.Equal(["N", "PSY"], document.Labels.AsEnumerable());
        Assert.Equal("clinic-a", document.OwnerSite);
        Assert.Equal(committed.Documents[0].RecordedAt, document.RecordedAt);
    }

    [Fact]
    public async Task CommitAsync_StaleBase_AnswersTheCurrentVersion()
    {
        await using var journal = await OpenAsync(_store);
        var first = (await journal.WriteAsync(Create("clinic-a-1", "one"))).Documents[0];
        await journal.WriteAsync(Update(first, "two"));

        var result = await journal.CommitAsync(Commit(Create("clinic-a-2"), Update(first, "three")), Cancel);

        var stale = Assert.IsType<CommitResult.Stale>(result);
        Assert.Equal("two", Text(stale.Current!.Body));
        Assert.Null(await journal.GetAsync(Key("clinic-a-2"), Cancel));
    }

    [Fact]
    public async Task CommitAsync_BaseOfUnknownDocument_IsStaleWithNothing()
    {
        await using var journal = await OpenAsync(_store);
        var change = new Change(Key("clinic-a-1"), VersionVector.Empty.Increment("clinic-a", 1), Bytes("one"));

        Assert.Null(Assert.IsType<CommitResult.Stale>(await journal.CommitAsync(Commit(change), Cancel)).Current);
    }

    [Fact]
    public async Task CommitAsync_SameIdempotencyKey_AnswersTheFirstCommit()
    {
        var journal = await OpenAsync(_store);
        var commit = Commit(Create("clinic-a-1", "one")) with { IdempotencyKey = "k1", Events = [Bytes("event")] };
        var first = Assert.IsType<CommitResult.Committed>(await journal.CommitAsync(commit, Cancel));
        await journal.DisposeAsync();

        await using var again = await OpenAsync(_store);
        var second = Assert.IsType<CommitResult.Committed>(await again.CommitAsync(commit, Cancel));

        Assert.True(second.Repeated);
        Assert.Equal(first.At, second.At);
        Assert.Equal(first.Documents[0].Version, Assert.Single(second.Documents).Version);
        Assert.Equal("one", Text(second.Documents[0].Body));
        Assert.Equal(2, (await again.ReadAllAsync()).Count);
    }

    [Fact]
    public async Task CommitAsync_SameIdempotencyKeyInOneBatch_WritesOnce()
    {
        var store = new FaultyStore(_store);
        await using var journal = await OpenAsync(store);
        var gate = new TaskCompletionSource();
        store.BeforeTransaction = () => gate.Task;
        var blocker = journal.WriteAsync(Create("clinic-a-0"));
        var both = Enumerable.Range(0, 2).Select(_ => journal.CommitAsync(Commit(Create("clinic-a-1")) with { IdempotencyKey = "k" }, Cancel)).ToArray();
        gate.SetResult();
        await blocker;

        var results = (await Task.WhenAll(both)).Cast<CommitResult.Committed>().ToArray();

        Assert.Single(results, r => r.Repeated);
        Assert.Equal(results[0].At, results[1].At);
    }

    [Fact]
    public async Task CommitAsync_SamePreconditionManyTimes_StandsOnce()
    {
        await using var journal = await OpenAsync(_store);
        var commits = Enumerable.Range(0, 64).Select(i => Task.Run(() => journal.CommitAsync(
            Commit(Create($"clinic-a-{i}", "same")) with { Precondition = NobodyElse(journal) }, Cancel)));

        var results = await Task.WhenAll(commits);

        var winner = Assert.IsType<CommitResult.Committed>(Assert.Single(results, r => r is CommitResult.Committed));
        Assert.All(results.OfType<CommitResult.PreconditionFailed>(), f => Assert.Equal(winner.Documents[0].Key, Assert.Single(f.Matches)));
        Assert.Equal(63, results.Count(r => r is CommitResult.PreconditionFailed));
    }

    [Fact]
    public async Task CommitAsync_PreconditionThrows_FailsThatCommitAlone()
    {
        await using var journal = await OpenAsync(_store);
        var bad = journal.CommitAsync(Commit(Create("clinic-a-1")) with { Precondition = (_, _) => throw new InvalidOperationException("no") }, Cancel);
        var good = journal.WriteAsync(Create("clinic-a-2"));

        await Assert.ThrowsAsync<InvalidOperationException>(() => bad);
        await good;
        Assert.Null(await journal.GetAsync(Key("clinic-a-1"), Cancel));
    }

    [Fact]
    public async Task CommitAsync_FiveThousandChanges_IsOneAtomicBatch()
    {
        var journal = await OpenAsync(_store);
        var changes = Enumerable.Range(0, 5_000).Select(i => Create($"clinic-a-{i}", $"body {i}")).ToArray();

        var committed = await journal.WriteAsync(changes);
        Assert.Equal(new Position(1, 1, 4_999), committed.At);
        await journal.DisposeAsync();

        await using var again = await OpenAsync(_store);
        var documents = await again.GetManyAsync([.. changes.Select(c => c.Key)], Cancel);
        Assert.Equal(changes.Select(c => Text(c.Body)), documents.Select(d => Text(d!.Body)));
        Assert.Equal(5_000, (await again.ReadAllAsync(700)).Count);
    }

    [Theory]
    [InlineData("a/b", "key-invalid")]
    [InlineData("..", "key-invalid")]
    [InlineData("a||b", "key-invalid")]
    [InlineData("", "key-invalid")]
    public async Task CommitAsync_BadKey_IsRefused(string id, string code)
    {
        await using var journal = await OpenAsync(_store);
        Assert.Equal(code, Assert.IsType<CommitResult.Refused>(await journal.CommitAsync(Commit(Create(id)), Cancel)).Code);
    }

    [Fact]
    public async Task CommitAsync_OverALimit_IsRefusedByName()
    {
        await using var journal = await OpenAsync(_store, Options with { ChangeLimit = 2, BodyLimit = 10, CommitBytesLimit = 15 });

        Assert.Equal("commit-too-large", await RefusalAsync(Create("1"), Create("2"), Create("3")));
        Assert.Equal("key-twice", await RefusalAsync(Create("1"), Create("1")));
        Assert.Equal("body-too-large", await RefusalAsync(Create("1", "eleven byte")));
        Assert.Equal("commit-too-large", await RefusalAsync(Create("1", "ten bytes."), Create("2", "ten bytes.")));

        async Task<string> RefusalAsync(params Change[] changes) =>
            Assert.IsType<CommitResult.Refused>(await journal.CommitAsync(Commit(changes), Cancel)).Code;
    }

    [Fact]
    public async Task CommitAsync_QueueFull_IsRefusedAsBusy()
    {
        var store = new FaultyStore(_store);
        await using var journal = await OpenAsync(store, Options with { QueueLimit = 2, BatchLimit = 1 });
        var gate = new TaskCompletionSource();
        store.BeforeTransaction = () => gate.Task;
        var commits = Enumerable.Range(0, 8).Select(i => journal.CommitAsync(Commit(Create($"clinic-a-{i}")), Cancel)).ToArray();

        var refused = commits.Where(c => c.IsCompleted).Select(c => c.Result).Cast<CommitResult.Refused>().ToArray();
        gate.SetResult();
        await Task.WhenAll(commits);

        Assert.NotEmpty(refused);
        Assert.All(refused, r => Assert.Equal("journal-busy", r.Code));
    }

    [Fact]
    public async Task GetHistoryAsync_SeveralVersions_AreNewestFirstAndEachReadable()
    {
        var journal = await OpenAsync(_store);
        var document = (await journal.WriteAsync(Create("clinic-a-1", "v0"))).Documents[0];
        for (var i = 1; i < 5; i++)
        {
            document = (await journal.WriteAsync(Update(document, $"v{i}"))).Documents[0];
        }

        await journal.WriteAsync(new Change(document.Key, document.Frontier, default) { Deleted = true });
        await journal.DisposeAsync();
        await using var again = await OpenAsync(_store);

        var history = await again.GetHistoryAsync(document.Key, 100, Cancel);
        Assert.Equal(["", "v4", "v3", "v2", "v1", "v0"], history.Select(d => Text(d.Body)));
        Assert.True(history[0].Deleted);
        Assert.Equal("v2", Text((await again.GetVersionAsync(document.Key, history[3].Version, Cancel))!.Body));
        Assert.Null(await again.GetVersionAsync(document.Key, new VersionId("clinic-a", new Position(1, 99, 0)), Cancel));
        Assert.Equal(2, (await again.GetHistoryAsync(document.Key, 2, Cancel)).Length);
        Assert.True((await again.GetAsync(document.Key, Cancel))!.Deleted);
    }

    [Fact]
    public async Task ReadAsync_LimitBelowABatch_CutsItAndGoesOn()
    {
        await using var journal = await OpenAsync(_store);
        await journal.WriteAsync(Create("1"), Create("2"), Create("3"));
        await journal.WriteAsync(Create("4"), Create("5"));

        var first = await journal.ReadAsync(Position.Start, 2, Cancel);
        var second = await journal.ReadAsync(first.Next, 2, Cancel);
        var third = await journal.ReadAsync(second.Next, 2, Cancel);

        Assert.Equal(["1", "2"], first.Records.Select(r => r.Document!.Key.Id));
        Assert.Equal(["3"], second.Records.Select(r => r.Document!.Key.Id));
        Assert.Equal(["4", "5"], third.Records.Select(r => r.Document!.Key.Id));
        Assert.Equal([false, false, true], new[] { first.UpToHead, second.UpToHead, third.UpToHead });
        Assert.Equal(third.Next, (await journal.ReadAsync(third.Next, 2, Cancel)).Next);
    }

    [Fact]
    public async Task WaitAsync_HeadMoves_Returns()
    {
        await using var journal = await OpenAsync(_store);
        var wait = journal.WaitAsync(journal.Head, Cancel);
        Assert.False(wait.IsCompleted);

        await journal.CommitAsync(new Commit { Events = [Bytes("read")] }, Cancel);

        await wait.WaitAsync(TimeSpan.FromSeconds(5), Cancel);
    }

    [Fact]
    public async Task CommitAsync_CancelledWhileItWaits_IsNotWritten()
    {
        var store = new FaultyStore(_store);
        await using var journal = await OpenAsync(store, Options with { BatchLimit = 1 });
        var gate = new TaskCompletionSource();
        store.BeforeTransaction = () => gate.Task;
        var first = journal.WriteAsync(Create("clinic-a-1"));
        using var cancel = new CancellationTokenSource();
        var second = journal.CommitAsync(Commit(Create("clinic-a-2")), cancel.Token);
        await cancel.CancelAsync();
        gate.SetResult();

        await first;
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
        await journal.WriteAsync(Create("clinic-a-3"));
        Assert.Null(await journal.GetAsync(Key("clinic-a-2"), Cancel));
    }

    /// <summary>A projection of the journal, read up to the head that is about to be compared and set.</summary>
    private static Precondition NobodyElse(Journal journal) => async (context, cancellation) =>
    {
        var page = await journal.ReadAsync(Position.Start, 1_000, cancellation);
        Assert.Equal(context.Head, page.Next);
        return [.. page.Records.Select(r => r.Document!.Key), .. context.Earlier.Select(c => c.Key)];
    };
}
