using System.Diagnostics;
using EdgeMesh.Testing;

namespace EdgeMesh.Services.Records.Tests;

public sealed class OpeningTests : IDisposable
{
    private const string Site = "clinic-opening";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgemesh-opening-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Opening_ThatFailsOnItsWay_LeavesNothingOpen()
    {
        // A folder stands where the journal of accesses keeps its mark: the journal of changes opens each time, and that one never.
        var obstacle = _folder.CreateSubdirectory("records").CreateSubdirectory("access.epoch");
        var (opened, thrice) = (0, new TaskCompletionSource());
        using var watch = new ActivityListener { ShouldListenTo = source => IsJournal(source) && Interlocked.Increment(ref opened) == 3 && thrice.TrySetResult() };
        ActivitySource.AddActivityListener(watch);
        await using var host = await DaprTestHost.StartAsync(
            new() { Site = Site, Apps = [new TestApp(RecordsApp.AppId, RecordsApp.Create)], DataDirectory = _folder.FullName, ReadyLimit = TimeSpan.Zero }, TestContext.Current.CancellationToken);
        await thrice.Task.WaitAsync(Patience, TestContext.Current.CancellationToken);

        obstacle.Delete();
        using var http = host.AppClient(RecordsApp.AppId);
        var started = Stopwatch.StartNew();
        while (!(await http.GetAsync("readyz", TestContext.Current.CancellationToken)).IsSuccessStatusCode)
        {
            Assert.True(started.Elapsed < Patience, "The records did not open once the folder was gone.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        // Each open journal has a source of its own.
        var open = 0;
        using var count = new ActivityListener { ShouldListenTo = source => IsJournal(source) && Interlocked.Increment(ref open) == 0 };
        ActivitySource.AddActivityListener(count);
        Assert.Equal(2, open);
    }

    private static bool IsJournal(ActivitySource source) => source.Name == "EdgeMesh.Replication" && source.Tags?.Any(t => Site.Equals(t.Value)) == true;
}
