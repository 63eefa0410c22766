using static EdgeMesh.Replication.Tests.TestJournal;

namespace EdgeMesh.Replication.Tests;

/// <summary>Each step of the commit protocol fails, or the process dies around it; then what was answered must stand, and nothing twice.</summary>
public sealed class CommitFaultTests
{
    private const int Commits = 12;
    private readonly MemoryJournalStore _memory = new();

    public static TheoryData<Fault, int> Steps
    {
        get
        {
            var steps = new TheoryData<Fault, int>();
            foreach (var fault in Enum.GetValues<Fault>())
            {
                for (var write = 1; write <= 20; write++)
                {
                    steps.Add(fault, write);
                }
            }

            return steps;
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task CommitAsync_AnyWriteGoesWrong_AcknowledgedStandsOnce(Fault fault, int write)
    {
        var store = new FaultyStore(_memory) { Plan = number => number == write ? fault : null };
        var acknowledged = await RunAsync(store);

        await using var journal = await OpenAsync(_memory);
        await AssertHoldsAsync(journal, acknowledged);
        if (fault is Fault.Failed or Fault.FailedButPersisted && write > 2)
        {
            Assert.Equal(Commits, acknowledged.Count);
        }
    }

    [Theory]
    [InlineData(Fault.Failed, 7)]
    [InlineData(Fault.FailedButPersisted, 7)]
    [InlineData(Fault.Failed, 2)]
    [InlineData(Fault.FailedButPersisted, 2)]
    public async Task CommitAsync_WritesKeepFailing_AcknowledgedStandsOnce(Fault fault, int every)
    {
        var store = new FaultyStore(_memory) { Plan = number => number % every == 0 ? fault : null };
        var acknowledged = await RunAsync(store);

        await using var journal = await OpenAsync(_memory);
        await AssertHoldsAsync(journal, acknowledged);
        Assert.Equal(Commits, acknowledged.Count);
    }

    [Fact]
    public async Task CommitAsync_HeadCantBeReadAfterAnError_SaysUnknownAndGoesOnLater()
    {
        var store = new FaultyStore(_memory);
        await using var journal = await OpenAsync(store);
        await journal.WriteAsync(Create("clinic-a-1"));
        store.PlanCommit = () =>
        {
            store.FailingReads = 100;
            return Fault.FailedButPersisted;
        };

        await Assert.ThrowsAsync<JournalUnavailableException>(() => journal.CommitAsync(Commit(Create("clinic-a-2", "two")), Cancel));
        store.PlanCommit = () => null;
        store.FailingReads = 0;

        // What was written without an answer is found by the next commit.
        var stale = await journal.CommitAsync(Commit(Create("clinic-a-2")), Cancel);
        Assert.Equal("two", Text(Assert.IsType<CommitResult.Stale>(stale).Current!.Body));
    }

    [Fact]
    public async Task CommitAsync_StoreIsAway_FailsAndRecoversWithoutReopening()
    {
        var store = new FaultyStore(_memory);
        await using var journal = await OpenAsync(store);
        await journal.WriteAsync(Create("clinic-a-1"));
        store.Plan = _ => Fault.Failed;
        await Assert.ThrowsAsync<JournalUnavailableException>(() => journal.CommitAsync(Commit(Create("clinic-a-2")), Cancel));

        store.Plan = _ => null;

        await journal.WriteAsync(Create("clinic-a-2", "again"));
        Assert.Equal("again", await journal.BodyAsync("clinic-a-2"));
    }

    [Fact]
    public async Task CommitAsync_TwoWriters_FenceEachOtherAndLoseNothing()
    {
        await using var one = await OpenAsync(_memory);
        await using var two = await OpenAsync(_memory);
        Journal[] writers = [one, two];

        var results = await Task.WhenAll(Enumerable.Range(0, 40).Select(async i =>
        {
            await Task.Yield();
            return (Id: $"clinic-a-{i}", Result: await TryAsync(writers[i % 2], Create($"clinic-a-{i}", $"{i}")));
        }));

        var acknowledged = results.Where(r => r.Result is CommitResult.Committed).ToDictionary(r => r.Id, r => r.Id["clinic-a-".Length..]);
        await one.DisposeAsync();
        await two.DisposeAsync();
        await using var journal = await OpenAsync(_memory);
        await AssertHoldsAsync(journal, acknowledged);
        Assert.NotEmpty(acknowledged);
    }

    [Fact]
    public async Task CommitAsync_LostRace_ChecksBasesAnew()
    {
        await using var one = await OpenAsync(_memory);
        var document = (await one.WriteAsync(Create("clinic-a-1", "one"))).Documents[0];
        await using var two = await OpenAsync(_memory);
        await two.WriteAsync(Update(document, "two"));

        var result = await one.CommitAsync(Commit(Update(document, "three")), Cancel);

        Assert.Equal("two", Text(Assert.IsType<CommitResult.Stale>(result).Current!.Body));
        Assert.Equal("two", await one.BodyAsync("clinic-a-1"));
    }

    [Fact]
    public async Task CommitAsync_LostRace_ChecksPreconditionsAnew()
    {
        await using var one = await OpenAsync(_memory);
        await using var two = await OpenAsync(_memory);
        await two.WriteAsync(Create("clinic-a-1"));

        var result = await one.CommitAsync(Commit(Create("clinic-a-2")) with
        {
            Precondition = async (_, cancellation) => [.. (await one.ReadAsync(Position.Start, 10, cancellation)).Records.Select(r => r.Document!.Key)],
        }, Cancel);

        Assert.Equal(Key("clinic-a-1"), Assert.Single(Assert.IsType<CommitResult.PreconditionFailed>(result).Matches));
    }

    private static async Task<CommitResult?> TryAsync(Journal journal, params Change[] changes)
    {
        try
        {
            return await journal.CommitAsync(Commit(changes), Cancel);
        }
        catch (JournalUnavailableException)
        {
            return null;
        }
    }

    /// <summary>Creates and updates until the store dies; returns what was acknowledged.</summary>
    private static async Task<Dictionary<string, string>> RunAsync(FaultyStore store)
    {
        var acknowledged = new Dictionary<string, string>();
        Journal? journal = null;
        for (var tries = 0; journal is null && tries < 3 && !store.IsDead; tries++)
        {
            try
            {
                journal = await OpenAsync(store);
            }
            catch (JournalUnavailableException)
            {
                // A service tries to open again.
            }
        }

        for (var i = 0; i < Commits && journal is not null; i++)
        {
            var id = $"clinic-a-{i}";
            if (await TryAsync(journal, Create(id, $"{i}")) is CommitResult.Committed)
            {
                acknowledged[id] = $"{i}";
            }
        }

        if (journal is not null)
        {
            await journal.DisposeAsync();
        }

        return acknowledged;
    }

    private static async Task AssertHoldsAsync(Journal journal, Dictionary<string, string> acknowledged)
    {
        foreach (var (id, body) in acknowledged)
        {
            Assert.Equal(body, await journal.BodyAsync(id));
        }

        var records = await journal.ReadAllAsync();
        Assert.Equal(records.Count, records.Select(r => r.Document!.Key).Distinct().Count());
        Assert.Equal(records.Count, records.Select(r => r.Document!.Vector.ToString()).Distinct().Count());
        Assert.All(records, r => Assert.False(r.Document!.BodyMissing));
        Assert.Superset(acknowledged.Keys.ToHashSet(), records.Select(r => r.Document!.Key.Id).ToHashSet());
        foreach (var record in records)
        {
            Assert.Equal(record.Document!.Version, (await journal.GetAsync(record.Document.Key, Cancel))!.Version);
        }
    }
}
