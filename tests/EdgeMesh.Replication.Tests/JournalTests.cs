using System.Collections.Immutable;
using System.Text;

namespace EdgeMesh.Replication.Tests;

public sealed class JournalTests
{
    private readonly MemoryJournalStore _store = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Commit_ThenReopen_ReturnsTheDocument()
    {
        await using (var journal = await Journals.OpenAsync(_store))
        {
            await journal.CommittedAsync(Journals.Put(Journals.Key(1), "one"));
        }

        await using var reopened = await Journals.OpenAsync(_store);
        Assert.Equal("one", (await reopened.GetAsync(Journals.Key(1), Cancellation)).Text());
        Assert.Equal("clinic-a.1.1.0", (await reopened.GetAsync(Journals.Key(1), Cancellation))!.Version.ToString());
    }

    [Fact]
    public async Task Commit_StaleBase_IsStaleWithTheCurrentVersionAndWritesNothing()
    {
        await using var journal = await Journals.OpenAsync(_store);
        var first = await journal.CommittedAsync(Journals.Put(Journals.Key(1), "one"));
        await journal.CommittedAsync(Journals.Put(Journals.Key(1), "two", first.Documents[0].Vector));
        var head = journal.Head;
        var stale = Assert.IsType<CommitResult.Stale>(await journal.CommitAsync(Journals.Put(Journals.Key(1), "three", first.Documents[0].Vector), Cancellation));
        Assert.Equal("two", stale.Current.Text());
        Assert.Equal(head, journal.Head);
    }

    [Fact]
    public async Task Commit_SameBaseTwiceAtOnce_ExactlyOneStands()
    {
        await using var journal = await Journals.OpenAsync(_store);
        var first = await journal.CommittedAsync(Journals.Put(Journals.Key(1), "one"));
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => journal.CommitAsync(Journals.Put(Journals.Key(1), $"{i}", first.Documents[0].Vector), Cancellation)));
        Assert.Single(results.OfType<CommitResult.Committed>());
        Assert.Equal(19, results.OfType<CommitResult.Stale>().Count());
    }

    [Fact]
    public async Task Commit_SamePreconditionInParallel_ExactlyOneStands()
    {
        await using var journal = await Journals.OpenAsync(_store);
        ValueTask<ImmutableArray<DocumentKey>> NoneYet(CommitContext context, CancellationToken cancellation) =>
            ValueTask.FromResult<ImmutableArray<DocumentKey>>(context.Head > Position.Start ? [Journals.Key(0)] : [.. context.Earlier.Select(c => c.Key)]);
        var results = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => journal.CommitAsync(Journals.Put(Journals.Key(i), "x") with { Precondition = NoneYet }, Cancellation)));
        Assert.Single(results.OfType<CommitResult.Committed>());
        Assert.Equal(7, results.OfType<CommitResult.PreconditionFailed>().Count());
    }

    [Fact]
    public async Task Commit_SameIdempotencyKey_AnswersTheFirstResult_AlsoAfterAReopen()
    {
        CommitResult.Committed first;
        await using (var journal = await Journals.OpenAsync(_store))
        {
            first = await journal.CommittedAsync(Journals.Put(Journals.Key(1), "one", idempotency: "k"));
            Assert.True((await journal.CommittedAsync(Journals.Put(Journals.Key(1), "one", idempotency: "k"))).Repeated);
        }

        await using var reopened = await Journals.OpenAsync(_store);
        var again = await reopened.CommittedAsync(Journals.Put(Journals.Key(1), "one", idempotency: "k"));
        Assert.True(again.Repeated);
        Assert.Equal(first.Documents[0].Version, again.Documents[0].Version);
        Assert.Single(await reopened.AllAsync());
    }

    [Fact]
    public async Task Commit_FiveThousandLargeChanges_IsOneBatch()
    {
        await using var journal = await Journals.OpenAsync(_store);
        var body = new byte[1_000];
        var result = await journal.CommittedAsync(new Commit { Changes = [.. Enumerable.Range(0, 5_000).Select(i => new Change(Journals.Key(i), null, body))] });
        Assert.Equal(new Position(1, 1, 4_999), result.At);
        await using var reopened = await Journals.OpenAsync(_store);
        Assert.Equal(5_000, (await reopened.AllAsync()).Length);
        Assert.Equal(1_000, (await reopened.GetAsync(Journals.Key(4_321), Cancellation))!.Body.Length);
    }

    [Fact]
    public async Task Commit_TooManyChanges_IsRefusedByCode()
    {
        await using var journal = await Journals.OpenAsync(_store);
        var result = await journal.CommitAsync(new Commit { Changes = [.. Enumerable.Range(0, 5_001).Select(i => new Change(Journals.Key(i), null, default))] }, Cancellation);
        Assert.Equal("commit-too-large", Assert.IsType<CommitResult.Refused>(result).Code);
    }

    [Fact]
    public async Task History_AfterUpdatesAndADelete_HasAllVersionsNewestFirst()
    {
        await using var journal = await Journals.OpenAsync(_store);
        VersionVector? vector = null;
        foreach (var body in new[] { "1", "2", "3" })
        {
            vector = (await journal.CommittedAsync(Journals.Put(Journals.Key(1), body, vector))).Documents[0].Vector;
        }

        await journal.CommittedAsync(new Commit { Changes = [new Change(Journals.Key(1), vector, default) { Deleted = true }] });
        var history = await journal.GetHistoryAsync(Journals.Key(1), 10, Cancellation);
        Assert.Equal(["", "3", "2", "1"], history.Select(d => d.Text()));
        Assert.True(history[0].Deleted);
        Assert.Equal("2", (await journal.GetVersionAsync(Journals.Key(1), history[2].Version, Cancellation)).Text());
    }

    /// <summary>Every write of a commit fails once, both lost and persisted: the writer reads the head and comes to the right answer.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    public async Task Commit_AWriteFails_StandsExactlyOnce(int failAt, bool persists)
    {
        var faulty = new FaultyStore(_store);
        await using (var journal = await Journals.OpenAsync(faulty))
        {
            (faulty.FailAt, faulty.Persists) = (faulty.Writes + failAt, persists);
            await journal.CommittedAsync(Journals.Put(Journals.Key(1), "one"));
            await journal.CommittedAsync(Journals.Put(Journals.Key(2), "two"));
        }

        await using var reopened = await Journals.OpenAsync(_store);
        Assert.Equal(2, (await reopened.AllAsync()).Length);
        Assert.Equal(("one", "two"), ((await reopened.GetAsync(Journals.Key(1), Cancellation)).Text(), (await reopened.GetAsync(Journals.Key(2), Cancellation)).Text()));
    }

    /// <summary>The process dies at every write: what was acknowledged is there, and what was not stands as a whole or not at all.</summary>
    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    [InlineData(4, false)]
    [InlineData(5, true)]
    public async Task Commit_TheProcessDies_NothingAcknowledgedIsLost(int failAt, bool persists)
    {
        var faulty = new FaultyStore(_store);
        var journal = await Journals.OpenAsync(faulty);
        (faulty.FailAt, faulty.Persists, faulty.Dies) = (faulty.Writes + failAt, persists, true);
        var acknowledged = new List<int>();
        for (var i = 1; i <= 3; i++)
        {
            try
            {
                if (await journal.CommitAsync(Journals.Put(Journals.Key(i), $"{i}"), Cancellation) is CommitResult.Committed)
                {
                    acknowledged.Add(i);
                }
            }
            catch (JournalUnavailableException)
            {
                // Not acknowledged.
            }
        }

        await using var reopened = await Journals.OpenAsync(_store);
        foreach (var i in acknowledged)
        {
            Assert.Equal($"{i}", (await reopened.GetAsync(Journals.Key(i), Cancellation)).Text());
        }

        foreach (var record in await reopened.AllAsync())
        {
            Assert.NotEmpty(record.Document.Text());
            Assert.Equal(record.Document.Text(), (await reopened.GetAsync(record.Document!.Key, Cancellation)).Text());
        }
    }

    [Fact]
    public async Task Commit_AnotherWriterTookOver_LosesTheRaceAndDecidesAnew()
    {
        await using var first = await Journals.OpenAsync(_store);
        await using var second = await Journals.OpenAsync(_store);
        var vector = (await first.CommittedAsync(Journals.Put(Journals.Key(1), "first"))).Documents[0].Vector;
        Assert.IsType<CommitResult.Stale>(await second.CommitAsync(Journals.Put(Journals.Key(1), "second"), Cancellation));
        await second.CommittedAsync(Journals.Put(Journals.Key(1), "second", vector));
        Assert.Equal("second", (await second.GetAsync(Journals.Key(1), Cancellation)).Text());
    }

    [Fact]
    public async Task Open_HeadOlderThanTheMarker_StartsANewEpoch()
    {
        var marker = Path.Combine(Path.GetTempPath(), $"edgemesh-marker-{Guid.NewGuid():N}");
        try
        {
            var options = new JournalOptions { MarkerPath = marker };
            await using (var journal = await Journals.OpenAsync(_store, options))
            {
                await journal.CommittedAsync(Journals.Put(Journals.Key(1), "one"));
            }

            await using var restored = await Journals.OpenAsync(new MemoryJournalStore(), options);
            var result = await restored.CommittedAsync(Journals.Put(Journals.Key(2), "two"));
            Assert.Equal(2u, result.At.Epoch);
        }
        finally
        {
            File.Delete(marker);
        }
    }

    [Fact]
    public async Task Wait_ACommitComes_Returns()
    {
        await using var journal = await Journals.OpenAsync(_store);
        var waiting = journal.WaitAsync(journal.Head, Cancellation);
        Assert.False(waiting.IsCompleted);
        await journal.CommittedAsync(Journals.Put(Journals.Key(1), "one"));
        await waiting;
    }

    [Fact]
    public async Task Commit_Events_AreRecordsOfTheSameBatch()
    {
        await using var journal = await Journals.OpenAsync(_store);
        await journal.CommittedAsync(Journals.Put(Journals.Key(1), "one") with { Events = [Encoding.UTF8.GetBytes("event")] });
        var records = await journal.AllAsync();
        Assert.Equal([RecordKind.Changed, RecordKind.Event], records.Select(r => r.Kind));
        Assert.Equal("event", Encoding.UTF8.GetString(records[1].Event.Span));
    }
}
