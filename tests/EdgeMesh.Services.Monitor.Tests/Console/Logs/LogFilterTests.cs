using EdgeMesh.Services.Monitor.Console.Logs;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Services.Monitor.Tests.Console.Logs;

public sealed class LogFilterTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddYears(56);

    [Fact]
    public void Link_ReadAgain_AsksForTheSame()
    {
        var filter = LogFilter.Read("a=\"b & c\" d", "clinic-a", "records", "warning", "abc", "6h", null, null, Now);

        Assert.Equal(filter, Follow(filter.Link(filter.Typed)));
        Assert.Equal(filter with { Typed = "x y=1" }, Follow(filter.Link("x y=1")));
    }

    [Fact]
    public void Link_ToAPartOfTheTime_AsksForThatPart()
    {
        var part = Follow(LogFilter.Read("", null, null, null, null, null, null, null, Now).Link(Now.AddHours(-3), Now.AddHours(-2)));

        Assert.Equal((Now.AddHours(-3), Now.AddHours(-2), true), (part.Range.From, part.Range.To, part.IsFiltered));
        Assert.Equal(Now.AddHours(-2), part.Query(100).To);
    }

    [Theory]
    [InlineData("nonsense", LogLevel.Trace)]
    [InlineData("None", LogLevel.Trace)]
    [InlineData("99", LogLevel.Trace)]
    [InlineData("ERROR", LogLevel.Error)]
    public void Read_ALevel_ThatIsNone_CountsAsNotGiven(string level, LogLevel least) =>
        Assert.Equal(least, LogFilter.Read(null, " ", "", level, null, null, null, null, Now).LeastLevel);

    private static LogFilter Follow(string link)
    {
        var query = QueryHelpers.ParseQuery(link[(link.IndexOf('?', StringComparison.Ordinal) + 1)..]);
        return LogFilter.Read(One("q"), One("site"), One("service"), One("level"), One("trace"), One("range"), Number("from"), Number("to"), Now);

        string? One(string name) => query.TryGetValue(name, out var value) ? value.ToString() : null;

        long? Number(string name) => One(name) is { } text ? long.Parse(text, System.Globalization.CultureInfo.InvariantCulture) : null;
    }
}
