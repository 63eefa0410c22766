using EdgeMesh.Services.Monitor.Forward;
using EdgeMesh.Services.Monitor.Store;
using EdgeMesh.Services.Monitor.Tests.Store;
using Microsoft.Extensions.Logging;
using static EdgeMesh.Services.Monitor.Tests.Store.TemporaryStore;

namespace EdgeMesh.Services.Monitor.Tests.Forward;

public sealed class ForwarderTests
{
    private const string Trace = "00000000000000000000000000000001";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TurnAsync_WithAllKinds_GivesTheCoreWhatTheSiteHasUnderTheSitesName()
    {
        await using var link = await CoreLink.StartAsync();
        await link.Edge.AddAsync(Line("hello", 1, LogLevel.Warning, trace: Trace, fields: ("Count", "3")), Line("a detail", 2, LogLevel.Debug));
        await link.Edge.AddAsync(Span(Trace, "0000000000000001", null, "GET /fhir", 0, 200, error: true), Span(Trace, "0000000000000002", "0000000000000001", "db"));

        await link.DrainAsync();

        var line = Assert.Single(CoreLines(link));
        Assert.Equivalent(Line("hello", 1, LogLevel.Warning, trace: Trace, fields: ("Count", "3")) with { Id = line.Id }, line, strict: true);
        Assert.Equivalent(link.Edge.FindTrace(Trace), link.Core.Store.FindTrace(Trace, Cancellation), strict: true);
        Assert.Equal(new OutgoingStatus(0, 0, null), link.Edge.Store.ReadOutgoing());
    }

    [Fact]
    public async Task TurnAsync_OfPoints_GivesTheCoreOnePointOfEachSeriesForAMinute()
    {
        await using var link = await CoreLink.StartAsync();
        await link.DrainAsync();
        await link.Edge.AddAsync([.. Enumerable.Range(0, 8).SelectMany(i => new[] { Sample("queue", i, i * 15, SeriesKinds.Gauge), Sample("latency", i, i * 15, SeriesKinds.P99) })]);
        link.Edge.Clock.Advance(TimeSpan.FromMinutes(4));

        await link.DrainAsync();

        Assert.Equal([(Start, 1.5), (Start.AddMinutes(1), 5.5)], Points("queue"));
        Assert.Equal([(Start, 3), (Start.AddMinutes(1), 7)], Points("latency"));

        IEnumerable<(DateTimeOffset, double)> Points(string name) => link.Core.Store.ReadSeries(
            Assert.Single(link.Core.Store.ListSeries(new SeriesQuery { Site = Site, Name = name }, Cancellation)).Id, Start, Start.AddHours(1), 100, Cancellation).Select(p => (p.Time, p.Value));
    }

    [Fact]
    public async Task TurnAsync_AfterAnOutageOfTwoHours_GivesTheCoreAllOnceAndErrorsFirst()
    {
        await using var link = await CoreLink.StartAsync();
        link.State = LinkState.Cut;
        for (var minute = 0; minute < 120; minute++)
        {
            await link.Edge.AddAsync([.. Enumerable.Range(0, 20).Select(i => Line($"line {minute}.{i} {new string('x', 200)}", minute * 60, i == 7 ? LogLevel.Error : LogLevel.Information))]);
            link.Edge.Clock.Advance(TimeSpan.FromMinutes(1));
            await link.TurnAsync();
        }

        Assert.NotNull(link.Forwarder.Fault);
        Assert.Equal((2400, Start), (link.Edge.Store.ReadOutgoing().Records, link.Edge.Store.ReadOutgoing().Oldest));
        link.State = LinkState.Open;
        await link.TurnAsync();
        // The parcel that was on its way when the link broke, and then errors before everything else.
        await link.TurnAsync();
        Assert.Equal(120, CoreLines(link, LogLevel.Error).Count);
        await link.DrainAsync();

        var lines = CoreLines(link);
        Assert.Equal(2400, lines.Count);
        Assert.Equal(2400, lines.Select(l => l.Message).Distinct().Count());
        Assert.Null(link.Forwarder.Fault);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TurnAsync_WhoseAnswerIsLost_LeavesNoGapAndNoDuplicate(bool restart)
    {
        await using var link = await CoreLink.StartAsync();
        for (var round = 0; round < 20; round++)
        {
            await link.Edge.AddAsync(Line($"line {round}", round));
            link.State = round % 3 == 0 ? LinkState.LosesAnswers : round % 3 == 1 ? LinkState.Cut : LinkState.Open;
            await link.TurnAsync();
            if (restart)
            {
                await link.RestartAsync();
            }
        }

        link.State = LinkState.Open;
        await link.TurnAsync();
        await link.DrainAsync();

        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"line {19 - i}"), CoreLines(link).Select(l => l.Message));
    }

    [Fact]
    public async Task TurnAsync_OfAStoreThatIsAnOldCopy_CountsAnewAndLosesNothing()
    {
        await using var link = await CoreLink.StartAsync();
        await link.Edge.AddAsync(Line("first", 1));
        await link.DrainAsync();
        await link.Edge.Store.DisposeAsync();
        File.Copy(link.Edge.File, link.Edge.File + ".copy");
        await link.RestartAsync();
        await link.Edge.AddAsync(Line("second", 2));
        await link.DrainAsync();
        await link.Edge.AddAsync(Line("third", 3));
        await link.DrainAsync();

        await link.Edge.Store.DisposeAsync();
        File.Move(link.Edge.File + ".copy", link.Edge.File, overwrite: true);
        await link.RestartAsync();
        await link.Edge.AddAsync(Line("after the copy", 4));
        await link.DrainAsync();

        Assert.Equal(["after the copy", "third", "second", "first"], CoreLines(link).Select(l => l.Message));
    }

    [Fact]
    public async Task TurnAsync_BeyondTheBudgetOfADay_KeepsTheRestAndStillSendsErrorsUntilTheNextDay()
    {
        await using var link = await CoreLink.StartAsync(new MonitorOptions { ForwardBytesADay = 64 * 1024 });
        var random = new Random(1);
        await link.Edge.AddAsync([.. Enumerable.Range(0, 300).Select(i => Line($"{i} {Noise(random, 500)}", i))]);
        await link.DrainAsync();
        var atFirst = CoreLines(link).Count;
        await link.Edge.AddAsync(Line("an error", 400, LogLevel.Error));
        await link.DrainAsync();

        Assert.InRange(atFirst, 1, 299);
        Assert.Equal("an error", Assert.Single(CoreLines(link, LogLevel.Error)).Message);
        Assert.Equal(atFirst + 1, CoreLines(link).Count);
        Assert.InRange(link.Bytes, 1, 2 * 64 * 1024);
        Assert.Equal(64 * 1024, link.Forwarder.Today.Budget);
        await link.RestartAsync();
        await link.DrainAsync();
        Assert.Equal(atFirst + 1, CoreLines(link).Count);

        for (var day = 0; CoreLines(link).Count < 301; day++)
        {
            Assert.InRange(day, 0, 20);
            link.Edge.Clock.Advance(TimeSpan.FromDays(1));
            await link.DrainAsync();
        }

        Assert.Equal(0, link.Edge.Store.ReadOutgoing().Records);
    }

    [Fact]
    public async Task TurnAsync_OfAParcelThatNeverArrives_ObeysTheBudgetOfTheDay()
    {
        await using var link = await CoreLink.StartAsync(new MonitorOptions { ForwardBytesADay = 64 * 1024 });
        var random = new Random(1);
        await link.Edge.AddAsync([.. Enumerable.Range(0, 20).Select(i => Line($"{i} {Noise(random, 500)}", i, LogLevel.Error))]);
        link.State = LinkState.LosesAnswers;

        for (var turn = 0; turn < 100; turn++)
        {
            await link.TurnAsync();
        }

        Assert.InRange(link.Forwarder.Today.Sent, 64 * 1024, 72 * 1024);
        link.State = LinkState.Open;
        link.Edge.Clock.Advance(TimeSpan.FromDays(1));
        // The first attempt since the link is whole again; draining stops at a fault.
        await link.TurnAsync();
        await link.DrainAsync();
        Assert.Equal(20, CoreLines(link, LogLevel.Error).Count);
    }

    [Fact]
    public async Task TurnAsync_OfAWindowWithMoreSeriesThanAParcelHolds_GivesTheCoreAllOfThemOnceInSeveral()
    {
        await using var link = await CoreLink.StartAsync(new MonitorOptions { ForwardBytesADay = 64L * 1024 * 1024 });
        await link.DrainAsync();
        await link.Edge.AddAsync([.. Enumerable.Range(0, 3000).Select(i => Sample("queue", i, 5, labels: ("name", $"{i} {new string('x', 150)}")))]);
        link.Edge.Clock.Advance(TimeSpan.FromMinutes(3));
        var before = link.Requests;

        await link.DrainAsync();

        Assert.InRange(link.Requests - before, 3, 10);
        var series = link.Core.Store.ListSeries(new SeriesQuery { Site = Site, Name = "queue" }, Cancellation);
        Assert.Equal(3000, series.Count);
        Assert.All(series, s => Assert.Equal(s.Labels["name"].Split(' ')[0], $"{Assert.Single(link.Core.Store.ReadSeries(s.Id, Start, Start.AddHours(1), 10, Cancellation)).Value}"));
    }

    [Fact]
    public async Task TurnAsync_OfAParcelThatIsTooLargeForTheWay_GoesInParts_AndOneRecordThatIsIsGivenUp()
    {
        await using var link = await CoreLink.StartAsync();
        var random = new Random(1);
        await link.Edge.AddAsync([.. Enumerable.Range(0, 21).Select(i => Line(i == 13 ? Noise(random, 4000) : $"{i} {Noise(random, 200)}", i))]);
        link.State = LinkState.Narrow;

        for (var turn = 0; turn < 100 && link.Edge.Store.ReadOutgoing().Records > 0; turn++)
        {
            await link.TurnAsync();
        }

        Assert.Equal(Enumerable.Range(0, 21).Where(i => i != 13).Reverse().Select(i => $"{i}"), CoreLines(link).Select(l => l.Message.Split(' ')[0]));
        Assert.Equal(1, link.Edge.Store.Status.GivenUp["refused-by-core"]);
        Assert.Equal(0, link.Edge.Store.ReadOutgoing().Records);
    }

    [Theory]
    [InlineData("Garbles", "400")]
    [InlineData("CutsOff", "408 (parcel-cut-off)")]
    public async Task TurnAsync_WhoseParcelDoesNotComeThroughWhole_KeepsItUntilItArrives(string state, string fault)
    {
        await using var link = await CoreLink.StartAsync();
        await link.Edge.AddAsync(Line("kept"));
        link.State = Enum.Parse<LinkState>(state);
        await link.TurnAsync();
        Assert.Contains(fault, link.Forwarder.Fault, StringComparison.Ordinal);

        link.State = LinkState.Open;
        await link.TurnAsync();

        Assert.Equal("kept", Assert.Single(CoreLines(link)).Message);
        Assert.Empty(link.Edge.Store.Status.GivenUp);
    }

    [Fact]
    public async Task TurnAsync_WhoseAnswerIsLost_SpendsWhatWentOverTheLink_AlsoOverARestart()
    {
        await using var link = await CoreLink.StartAsync();
        await link.Edge.AddAsync(Line("spent"));
        link.State = LinkState.Cut;
        await link.TurnAsync();
        Assert.Equal(0, link.Forwarder.Today.Sent);

        link.State = LinkState.LosesAnswers;
        await link.TurnAsync();
        var once = link.Bytes + WanBudget.BytesOfARequest;
        Assert.Equal(once, link.Forwarder.Today.Sent);

        await link.RestartAsync();
        link.State = LinkState.Open;
        await link.TurnAsync();
        Assert.Equal(2 * once, link.Forwarder.Today.Sent);
    }

    [Fact]
    public async Task TurnAsync_ThatTheCoreRefusesForGood_GoesOnWithTheNextAndCountsTheLoss()
    {
        await using var link = await CoreLink.StartAsync();
        await link.Edge.AddAsync(Line("refused"));
        link.State = LinkState.Refuses;
        await link.TurnAsync();
        link.State = LinkState.Open;
        await link.Edge.AddAsync(Line("taken"));
        await link.DrainAsync();

        Assert.Equal("taken", Assert.Single(CoreLines(link)).Message);
        Assert.Equal(1, link.Edge.Store.Status.GivenUp["refused-by-core"]);
    }

    [Fact]
    public async Task Store_WithMoreThanMayWait_GivesUpTheOldestOfTheRestAndKeepsErrors()
    {
        await using var link = await CoreLink.StartAsync(new MonitorOptions { ForwardRows = 100 });
        await link.Edge.AddAsync([Line("an error", 0, LogLevel.Error), .. Enumerable.Range(0, 200).Select(i => Line($"line {i}", i))]);
        await link.DrainAsync();

        var messages = CoreLines(link).Select(l => l.Message).ToList();
        Assert.InRange(messages.Count, 85, 100);
        Assert.Contains("an error", messages);
        Assert.Contains("line 199", messages);
        Assert.Equal(201 - messages.Count, link.Edge.Store.Status.GivenUp["unsent"]);
    }

    /// <summary>Text that gzip makes no smaller than its bytes.</summary>
    private static string Noise(Random random, int length)
    {
        var bytes = new byte[length];
        random.NextBytes(bytes);
        return Convert.ToHexString(bytes);
    }

    private static List<LogLine> CoreLines(CoreLink link, LogLevel least = LogLevel.Trace)
    {
        var (lines, next) = (new List<LogLine>(), (long?)null);
        do
        {
            var page = link.Core.Store.FindLogs(new LogQuery { Site = Site, LeastLevel = least, Limit = LogQuery.MostLines, Before = next }, Cancellation);
            lines.AddRange(page.Lines);
            next = page.Next;
        }
        while (next is not null);

        return lines;
    }
}
