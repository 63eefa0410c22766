using System.Diagnostics;
using System.Globalization;

namespace EdgeMesh.Services.Ledger.Tests;

/// <summary>What the ledger does a second, on this machine, durable on SQLite and through the sidecar; printed, never asserted. By hand:
/// <c>dotnet run -c Release --project tests/EdgeMesh.Services.Ledger.Tests -- -explicit only -showLiveOutput</c>.</summary>
public sealed class LedgerFigures
{
    private const int EntryLength = 300;
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(4);

    [Theory(Explicit = true)]
    [InlineData(1, 1)]
    [InlineData(64, 1)]
    [InlineData(1, 100)]
    [InlineData(16, 100)]
    public async Task Append_EntriesASecond(int clients, int entries)
    {
        await using var site = await LedgerSite.StartAsync(LedgerSite.Sqlite);
        var watch = Stopwatch.StartNew();
        var counts = await Task.WhenAll(Enumerable.Range(0, clients).Select(async client =>
        {
            var sent = 0;
            for (; watch.Elapsed < Span; sent += entries)
            {
                using var answer = await site.AddBatchAsync(Enumerable.Repeat(new byte[EntryLength], entries), "client-" + client, sent);
                answer.EnsureSuccessStatusCode();
            }

            return sent;
        }));
        var rate = counts.Sum() / watch.Elapsed.TotalSeconds;
        Assert.True((await site.VerifyAsync()).Holds);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{clients} clients, {entries} entries a request of {EntryLength} B: {rate:0} entries/s"));
    }
}
