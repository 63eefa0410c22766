using EdgeMesh.Services.Monitor.Console.Logs;
using EdgeMesh.Services.Monitor.Store;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Services.Monitor.Tests.Console.Logs;

public sealed class LogWindowTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(56);

    [Fact]
    public void Append_PageAfterPage_HoldsNoMoreThanAPageCanBear_AndGivesUpTheNewest()
    {
        var window = new LogWindow();
        window.Show(Page(10_000, 100, next: 9_901));

        for (var from = 9_900; from > 8_000; from -= 100)
        {
            window.Append(Page(from, 100, next: from - 99));
        }

        Assert.Equal((LogWindow.Most, true, 8_001), (window.Lines.Count, window.IsPastTheNewest, window.Next));
        Assert.Equal(8_600, window.Lines[0].Id);
    }

    [Fact]
    public void Flush_AfterTake_PutsTheNewestFirst()
    {
        var window = new LogWindow();
        window.Show(Page(10, 5, next: null));
        window.Take(Line(11));
        window.Take(Line(12));

        Assert.True(window.Flush(Now));
        Assert.Equal([12, 11, 10], window.Lines.Take(3).Select(l => l.Id));
        Assert.False(window.Flush(Now));
    }

    [Fact]
    public void Flush_MoreThanFit_ShowsTheLast_AndSaysHowManyItSkipped()
    {
        var window = new LogWindow();
        window.Show(Page(10, 5, next: 6));
        for (var id = 1; id <= LogWindow.Most + 41; id++)
        {
            window.Take(Line(100 + id));
        }

        window.Flush(Now);

        Assert.Equal((LogWindow.Most, 100 + LogWindow.Most + 41), (window.Lines.Count, window.Lines[0].Id));
        Assert.StartsWith("42 lines skipped here", window.Lines[^1].Message, StringComparison.Ordinal);
        Assert.Equal((true, false), (LogWindow.IsWord(window.Lines[^1]), LogWindow.IsWord(window.Lines[^2])));
    }

    [Fact]
    public void Pause_WhileLinesCome_CountsThem_AndGoingOnShowsTheLast_WithWordOfTheRest()
    {
        var window = new LogWindow();
        window.Show(Page(10, 5, next: 6));
        window.Pause();
        for (var id = 11; id < 11 + 50; id++)
        {
            window.Take(Line(id));
        }

        Assert.False(window.Flush(Now));
        Assert.Equal((50, 10), (window.Arrived, window.Lines[0].Id));

        window.Resume();

        Assert.True(window.Flush(Now));
        Assert.Equal((0, 60), (window.Arrived, window.Lines[0].Id));
    }

    [Fact]
    public void Pause_ThroughAFlood_KeepsAPage_AndSaysWhatIsMissing()
    {
        var window = new LogWindow();
        window.Pause();
        for (var id = 1; id <= 10_000; id++)
        {
            window.Take(Line(id));
        }

        window.Resume();
        window.Flush(Now);

        Assert.Equal((LogWindow.Most, 10_000), (window.Lines.Count, window.Lines[0].Id));
        Assert.StartsWith("9,401 lines skipped here", window.Lines[^1].Message, StringComparison.Ordinal);
    }

    private static LogPage Page(int newest, int count, long? next) => new([.. Enumerable.Range(0, count).Select(i => Line(newest - i))], next);

    private static LogLine Line(long id) => new(id, Now, "core", "records", LogLevel.Information, $"line {id}", null, null, new Dictionary<string, string>());
}
