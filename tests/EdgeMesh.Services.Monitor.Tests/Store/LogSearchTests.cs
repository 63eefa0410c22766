using EdgeMesh.Services.Monitor.Store;
using Microsoft.Extensions.Logging;
using static EdgeMesh.Services.Monitor.Tests.Store.TemporaryStore;

namespace EdgeMesh.Services.Monitor.Tests.Store;

public sealed class LogSearchTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    private static readonly LogLine[] Lines =
    [
        Line("The gateway opened", 0, service: "gateway"),
        Line("A slow query", 10, LogLevel.Warning, fields: ("Milliseconds", "1700")),
        Line("100% of the disk_space", 20, LogLevel.Error, trace: Trace),
        Line("Elsewhere", 30, LogLevel.Critical, site: "clinic-b"),
    ];

    [Fact]
    public async Task FindLogs_AfterAReopening_GivesWhatWasStoredNewestFirst()
    {
        await using var temporary = new TemporaryStore();
        await temporary.AddAsync(Lines);
        await temporary.ReopenAsync();

        var page = temporary.Find(new LogQuery());

        Assert.Null(page.Next);
        Assert.Equal(Lines.Reverse().Select(l => l.Message), page.Lines.Select(l => l.Message));
        Assert.Equivalent(Lines[2] with { Id = page.Lines[1].Id }, page.Lines[1], strict: true);
        Assert.Equal("1700", page.Lines[2].Fields["Milliseconds"]);
    }

    public static TheoryData<string, string, string> Queries => new()
    {
        { "site", "clinic-b", "Elsewhere" },
        { "service", "gateway", "The gateway opened" },
        { "text", "SLOW q", "A slow query" },
        { "text", "1700", "A slow query" },
        { "text", "0% of", "100% of the disk_space" },
        { "text", "k_s", "100% of the disk_space" },
        { "text", "k%s", "" },
        { "level", "Error", "Elsewhere, 100% of the disk_space" },
        { "trace", Trace, "100% of the disk_space" },
        { "field", "1700", "A slow query" },
        { "field", "170", "" },
    };

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task FindLogs_ByWhatIsKnownOfThem_FindsThoseAlone(string what, string value, string messages)
    {
        await using var temporary = new TemporaryStore();
        await temporary.AddAsync(Lines);
        var query = what switch
        {
            "site" => new LogQuery { Site = value },
            "service" => new LogQuery { Service = value },
            "text" => new LogQuery { Text = value },
            "level" => new LogQuery { LeastLevel = Enum.Parse<LogLevel>(value) },
            "trace" => new LogQuery { TraceId = value },
            _ => new LogQuery { Fields = new Dictionary<string, string> { ["Milliseconds"] = value } },
        };

        Assert.Equal(messages, string.Join(", ", temporary.Find(query).Lines.Select(l => l.Message)));
    }

    [Fact]
    public async Task FindLogs_InPages_ShowsEachLineOnceAlsoWhenOlderOnesArriveLate()
    {
        await using var temporary = new TemporaryStore();
        await temporary.AddAsync([.. Enumerable.Range(0, 25).Select(i => Line($"line {i}", i))]);
        await temporary.AddAsync(Line("late", 3));
        var (seen, next) = (new List<string>(), (long?)null);
        do
        {
            var page = temporary.Find(new LogQuery { Limit = 10, Before = next });
            seen.AddRange(page.Lines.Select(l => l.Message));
            next = page.Next;
        }
        while (next is not null);

        Assert.Equal(26, seen.Distinct().Count());
        Assert.Equal(26, seen.Count);
        Assert.InRange(seen.IndexOf("late"), seen.IndexOf("line 4") + 1, seen.IndexOf("line 2") - 1);
    }

    [Fact]
    public async Task FindLogs_OfATime_TakesItsBeginningAndNotItsEnd()
    {
        await using var temporary = new TemporaryStore();
        await temporary.AddAsync(Lines);

        var page = temporary.Find(new LogQuery { From = Start.AddSeconds(10), To = Start.AddSeconds(30) });

        Assert.Equal(["100% of the disk_space", "A slow query"], page.Lines.Select(l => l.Message));
    }

    [Fact]
    public async Task ReadLevelCounts_OfATime_CountsEachLevelInEachPart()
    {
        await using var temporary = new TemporaryStore();
        await temporary.AddAsync(Lines);

        var counts = temporary.Count(new LogQuery { From = Start, To = Start.AddSeconds(40) }, 2);

        Assert.Equal(
            [new(Start, LogLevel.Information, 1), new(Start, LogLevel.Warning, 1), new(Start.AddSeconds(20), LogLevel.Error, 1), new LevelCount(Start.AddSeconds(20), LogLevel.Critical, 1)],
            counts);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(60)]
    [InlineData(1000)]
    public async Task ReadLevelCounts_InAnyNumberOfParts_CountsEachLineOnce(int parts)
    {
        await using var temporary = new TemporaryStore();
        await temporary.AddAsync(Lines);

        var counts = temporary.Count(new LogQuery { From = Start, To = Start.AddSeconds(40) }, parts);

        Assert.Equal(4, counts.Sum(c => c.Lines));
        Assert.All(counts, c => Assert.InRange(c.Start, Start, Start.AddSeconds(40)));
        Assert.InRange(counts.Select(c => c.Start).Distinct().Count(), 1, parts);
    }

    [Fact]
    public async Task Tail_OfOneService_GivesItsLinesAsTheyComeAndTellsASlowReaderWhatItLost()
    {
        await using var temporary = new TemporaryStore();
        using var enough = new CancellationTokenSource();
        await using var lines = temporary.Store.Tail(new LogQuery { Service = "records" }, enough.Token).GetAsyncEnumerator(enough.Token);
        var first = lines.MoveNextAsync();
        await temporary.AddAsync(Line("no", service: "gateway"), Line("yes"));
        Assert.True(await first);
        Assert.Equal("yes", lines.Current.Message);

        await temporary.AddAsync([.. Enumerable.Range(0, 1500).Select(i => Line($"line {i}"))]);
        Assert.True(await lines.MoveNextAsync());

        Assert.Equal((0, LogTail.LossService), (lines.Current.Id, lines.Current.Service));
        Assert.StartsWith("500 lines", lines.Current.Message, StringComparison.Ordinal);
        Assert.True(await lines.MoveNextAsync());
        Assert.Equal("line 0", lines.Current.Message);
    }
}
