using EdgeMesh.Hosting;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Audit;
using EdgeMesh.Services.Records.Projection;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Records.Tests.Projection;

/// <summary>What is derived is made anew when it is damaged, and not because the disk refuses now.</summary>
public sealed class RebuildableFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgemesh-rebuildable-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Index_ThatCannotBeReadNow_IsKept() => Keeps("search.db", () => _ = new ProjectionFile(At("search.db"), "keys"));

    [Fact]
    public void Index_ThatIsNoDatabase_IsMadeAnew() => MakesAnew("search.db", () => _ = new ProjectionFile(At("search.db"), "keys"));

    [Fact]
    public void Receipts_ThatCannotBeReadNow_AreKept() => Keeps("receipts.db", OpenProgress);

    [Fact]
    public void Receipts_ThatAreNoDatabase_AreMadeAnew() => MakesAnew("receipts.db", OpenProgress);

    private void OpenProgress()
    {
        using var progress = new AuditProgress(new SiteIdentity("clinic-a", "records", _folder.FullName), new MemoryJournalStore());
    }

    private void Keeps(string name, Action open)
    {
        open();
        var before = File.ReadAllBytes(At(name));

        // A folder where the log of writes belongs: nothing in the file is wrong.
        var obstacle = Directory.CreateDirectory(At(name) + "-wal");
        Assert.Throws<SqliteException>(open);
        obstacle.Delete();

        Assert.Equal(before, File.ReadAllBytes(At(name)));
        open();
        Assert.Equal(before, File.ReadAllBytes(At(name)));
    }

    private void MakesAnew(string name, Action open)
    {
        File.WriteAllText(At(name), string.Concat(Enumerable.Repeat("no database ", 1000)));
        open();
        Assert.StartsWith("SQLite format 3", File.ReadAllText(At(name)), StringComparison.Ordinal);
    }

    private string At(string name) => Path.Combine(_folder.FullName, name);
}
