using EdgeMesh.Services.Monitor.Store;
using static EdgeMesh.Services.Monitor.Tests.Store.TemporaryStore;

namespace EdgeMesh.Services.Monitor.Tests.Store;

/// <summary>No reader keeps anybody waiting for longer than its time.</summary>
public sealed class ReadLimitTests
{
    private const string Trace = "00000000000000000000000000000001";

    private readonly LimitedClock _clock = new();

    [Theory]
    [InlineData("series")]
    [InlineData("points")]
    [InlineData("trace")]
    [InlineData("counts")]
    public async Task Read_ThatTakesTooLong_EndsAndSaysWhatToDo(string what)
    {
        await using var temporary = await FilledAsync();
        _clock.IsOver = true;

        var error = Assert.Throws<TimeoutException>(() => Read(temporary, what, CancellationToken.None));

        Assert.Contains("takes longer than 10 s", error.Message, StringComparison.Ordinal);
        _clock.IsOver = false;
        Assert.NotEqual(0, Read(temporary, what, CancellationToken.None));
    }

    [Theory]
    [InlineData("series")]
    [InlineData("points")]
    [InlineData("trace")]
    [InlineData("counts")]
    public async Task Read_ForWhichNobodyWaitsAnyMore_Ends(string what)
    {
        await using var temporary = await FilledAsync();

        Assert.ThrowsAny<OperationCanceledException>(() => Read(temporary, what, new CancellationToken(canceled: true)));
    }

    [Fact]
    public async Task FindLogs_ThatTakesTooLong_GivesWhatWasFoundAndSaysSo()
    {
        await using var temporary = await FilledAsync();
        _clock.IsOver = true;

        var page = temporary.Find(new LogQuery { Text = "nowhere" });

        Assert.True(page.IsCutShort);
        Assert.Empty(page.Lines);
    }

    private static int Read(TemporaryStore temporary, string what, CancellationToken cancellation) => what switch
    {
        "series" => temporary.Store.ListSeries(new SeriesQuery(), cancellation).Count,
        "points" => temporary.Store.ReadSeries(1, Start, Start.AddDays(1), 10_000, cancellation).Count,
        "trace" => temporary.Store.FindTrace(Trace, cancellation).Count,
        _ => temporary.Store.ReadLevelCounts(new LogQuery { From = Start, To = Start.AddDays(1) }, 10, cancellation).Count,
    };

    private async Task<TemporaryStore> FilledAsync()
    {
        var temporary = new TemporaryStore(clock: _clock);
        await temporary.AddAsync(new TelemetryBatch
        {
            Logs = [.. Enumerable.Range(0, 2000).Select(i => Line("x", i))],
            Spans = [.. Enumerable.Range(1, 2000).Select(i => Span(Trace, $"{i:x16}", null, "x", i))],
            Samples = [.. Enumerable.Range(0, 2000).Select(i => Sample("queue", i, i)), .. Enumerable.Range(0, 2000).Select(i => Sample("many", i, labels: ("n", $"{i}")))],
        });
        return temporary;
    }
}
