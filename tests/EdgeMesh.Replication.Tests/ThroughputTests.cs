using System.Diagnostics;
using EdgeMesh.Testing;
using static EdgeMesh.Replication.Tests.TestJournal;

namespace EdgeMesh.Replication.Tests;

/// <summary>Prints how fast a journal commits; asserts nothing but that it does.</summary>
public sealed class ThroughputTests(ITestOutputHelper output)
{
    private const int Writers = 32;
    private const int CommitsEach = 100;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task CommitAsync_ThirtyTwoWritersInMemory_PrintsCommitsPerSecond() => await MeasureAsync("memory", new MemoryJournalStore());

    [Fact]
    public async Task CommitAsync_ThirtyTwoWritersBehindDapr_PrintsCommitsPerSecond()
    {
        await using var host = await DaprTestHost.StartAsync(new DaprTestHostOptions { Apps = [new TestApp("records")] }, Cancel);
        await MeasureAsync("embedded sidecar, in memory", new DaprJournalStore(host.Dapr("records")));
    }

    private async Task MeasureAsync(string store, IJournalStore backing)
    {
        await using var journal = await OpenAsync(backing, new JournalOptions());
        await WriteAsync(journal, "warm", 5);
        var (started, batches) = (Stopwatch.GetTimestamp(), journal.Head.Batch);

        await WriteAsync(journal, "run", CommitsEach);

        var elapsed = Stopwatch.GetElapsedTime(started);
        batches = journal.Head.Batch - batches;
        output.WriteLine($"{store}: {Writers * CommitsEach / elapsed.TotalSeconds:F0} commits/s with {Writers} writers, {(double)Writers * CommitsEach / batches:F1} commits a batch");
        Assert.True(batches > 0);
    }

    private static Task WriteAsync(Journal journal, string name, int count) => Task.WhenAll(Enumerable.Range(0, Writers).Select(async writer =>
    {
        for (var i = 0; i < count; i++)
        {
            await journal.WriteAsync(Create($"clinic-a-{name}-{writer}-{i}", "a body of some hundred bytes, as a small resource has them when it is sealed under a data key of its class"));
        }
    }));
}
