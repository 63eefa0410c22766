using static EdgeMesh.Replication.Tests.TestJournal;

namespace EdgeMesh.Replication.Tests;

public sealed class EpochTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgemesh-epoch-").FullName;
    private readonly MemoryJournalStore _store = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private JournalOptions Marked => Options with { MarkerPath = Path.Combine(_folder, "records.changes.mark") };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task OpenAsync_OrdinaryRestart_KeepsTheEpoch()
    {
        await WriteAsync(_store, "clinic-a-1");
        await WriteAsync(_store, "clinic-a-2");

        await using var journal = await OpenAsync(_store, Marked);
        Assert.Equal(new Position(1, 2, 0), journal.Head);
    }

    [Fact]
    public async Task OpenAsync_HeadOlderThanTheMarker_OpensANewEpochAndUsesNoNumberTwice()
    {
        await WriteAsync(_store, "clinic-a-1");
        var backup = _store.Copy();
        var lost = await WriteAsync(_store, "clinic-a-2");

        var again = await WriteAsync(backup, "clinic-a-3");

        Assert.Equal(new Position(2, 1, 0), again.At);
        Assert.Equal("clinic-a.2:1", again.Documents[0].Vector.ToString());
        Assert.NotEqual(lost.Documents[0].Version, again.Documents[0].Version);
        await using var journal = await OpenAsync(backup, Marked);
        Assert.Equal(["clinic-a-1", "clinic-a-3"], (await journal.ReadAllAsync()).Select(r => r.Document!.Key.Id));
    }

    [Fact]
    public async Task ReadAsync_PositionLostWithTheOldEpoch_GoesOnWithTheNewOne()
    {
        await WriteAsync(_store, "clinic-a-1");
        var backup = _store.Copy();
        var lost = await WriteAsync(_store, "clinic-a-2");
        await WriteAsync(backup, "clinic-a-3");

        await using var journal = await OpenAsync(backup, Marked);
        var page = await journal.ReadAsync(lost.At, 10, Cancel);
        Assert.Equal("clinic-a-3", Assert.Single(page.Records).Document!.Key.Id);
    }

    [Fact]
    public async Task OpenAsync_StoresAreGone_NeverStartsAtOneAgain()
    {
        await WriteAsync(_store, "clinic-a-1");
        var committed = await WriteAsync(new MemoryJournalStore(), "clinic-a-2");
        Assert.Equal(2u, committed.At.Epoch);
    }

    [Fact]
    public async Task OpenAsync_MarkerIsGone_OpensANewEpoch()
    {
        await WriteAsync(_store, "clinic-a-1");
        File.Delete(Marked.MarkerPath!);
        Assert.Equal(2u, (await WriteAsync(_store, "clinic-a-2")).At.Epoch);
    }

    [Fact]
    public async Task OpenAsync_OneSlotOfTheMarkerIsTorn_UsesTheOther()
    {
        await WriteAsync(_store, "clinic-a-1");
        await WriteAsync(_store, "clinic-a-2");
        var bytes = await File.ReadAllBytesAsync(Marked.MarkerPath!, Cancel);
        bytes[5] ^= 1;
        await File.WriteAllBytesAsync(Marked.MarkerPath!, bytes, Cancel);

        Assert.Equal(1u, (await WriteAsync(_store, "clinic-a-3")).At.Epoch);
    }

    [Fact]
    public async Task OpenAsync_Restored_OpensANewEpochInAnyCase()
    {
        await WriteAsync(_store, "clinic-a-1");
        await using var journal = await OpenAsync(_store, Marked with { IsRestored = true });
        Assert.Equal(new Position(1, 1, 0), journal.Head);
        Assert.Equal(2u, (await journal.WriteAsync(Create("clinic-a-2"))).At.Epoch);
    }

    [Fact]
    public async Task CommitAsync_AfterANewEpoch_UpdatesWhatTheOldOneMade()
    {
        await WriteAsync(_store, "clinic-a-1");
        await using var journal = await OpenAsync(_store, Options with { IsRestored = true });
        var document = await journal.GetAsync(Key("clinic-a-1"), Cancel);

        var next = (await journal.WriteAsync(Update(document!, "two"))).Documents[0];

        Assert.Equal("clinic-a.1:1,clinic-a.2:1", next.Vector.ToString());
        Assert.Equal(2, (await journal.GetHistoryAsync(document!.Key, 10, Cancel)).Length);
    }

    private async Task<CommitResult.Committed> WriteAsync(IJournalStore store, string id)
    {
        await using var journal = await OpenAsync(store, Marked);
        return await journal.WriteAsync(Create(id, id));
    }
}
