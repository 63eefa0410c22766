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
        var filter = LogFilter.Read("a=\"b & c\" d", "clinic-a", "records", "warning", "4bf92f3577b34da6a3ce929d0e0e4736", "6h", null, null, Now);

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

    [Theory]
    [InlineData("abc", null)]
    [InlineData("zz", null)]
    [InlineData("4bf92f3577b34da6a3ce929d0e0e473", null)]
    [InlineData("4bf92f3577b34da6a3ce929d0e0e473g", null)]
    [InlineData(" 4BF92F3577B34DA6A3CE929D0E0E4736", "4bf92f3577b34da6a3ce929d0e0e4736")]
    public void Read_ATrace_ThatIsNone_CountsAsNotGiven(string trace, string? read) =>
        Assert.Equal(read, LogFilter.Read(null, null, null, null, trace, null, null, null, Now).TraceId);

    [Theory]
    [InlineData("abc", "1767225600000")]
    [InlineData("1767225600000", "99999999999999999999")]
    [InlineData("-1", "1767225600000")]
    public void Read_APartOfTheTime_ThatIsNone_CountsAsNotGiven(string from, string to) =>
        Assert.Equal("24h", LogFilter.Read(null, null, null, null, null, null, from, to, Now).Range.Name);

    /// <summary>The page's filter at the end of a link.</summary>
    internal static LogFilter Follow(string link)
    {
        var query = QueryHelpers.ParseQuery(link[(link.IndexOf('?', StringComparison.Ordinal) + 1)..]);
        return LogFilter.Read(One("q"), One("site"), One("service"), One("level"), One("trace"), One("range"), One("from"), One("to"), Now);

        string? One(string name) => query.TryGetValue(name, out var value) ? value.ToString() : null;
    }
}
