using EdgeMesh.Functions;
using EdgeMesh.Services.Functions.Running;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>What is kept of calls in memory.</summary>
public sealed class CallLogTests
{
    [Fact]
    public void Add_MoreThanAFunctionMayHave_KeepsTheLatest()
    {
        var log = new CallLog(2, 1_000_000);
        for (var i = 0; i < 5; i++)
        {
            log.Add("f", Call($"{i}"));
        }

        Assert.Equal(["3", "4"], log.Last("f", 10).Select(c => c.Id));
        Assert.Equal(["4"], log.Last("f", 1).Select(c => c.Id));
    }

    [Fact]
    public void Add_MoreThanAllMayTakeTogether_DropsTheOldestOfAny()
    {
        var log = new CallLog(100, 50_000);
        log.Add("old", Call("first", log: 10_000));
        log.Add("talker", Call("second", log: 10_000));
        log.Add("old", Call("third"));
        log.Add("talker", Call("fourth", log: 10_000));

        Assert.Equal(["third"], log.Last("old", 10).Select(c => c.Id));
        Assert.Equal(["second", "fourth"], log.Last("talker", 10).Select(c => c.Id));
    }

    [Fact]
    public void Add_OneThatIsLargerThanAll_IsKeptAlone()
    {
        var log = new CallLog(100, 1_000);
        log.Add("f", Call("small"));
        log.Add("f", Call("large", log: 10_000));

        Assert.Equal(["large"], log.Last("f", 10).Select(c => c.Id));
    }

    [Fact]
    public void Remove_OfAFunction_MakesRoomForOthers()
    {
        var log = new CallLog(100, 50_000);
        log.Add("gone", Call("first", log: 20_000));
        log.Remove("gone");
        log.Add("f", Call("second", log: 10_000));
        log.Add("f", Call("third", log: 10_000));

        Assert.Empty(log.Last("gone", 10));
        Assert.Equal(["second", "third"], log.Last("f", 10).Select(c => c.Id));
    }

    private static CallRecord Call(string id, int log = 0) =>
        new(DateTimeOffset.UnixEpoch, id, "", "1.0.0", TriggerNames.Http, id, CallOutcome.Completed, null, false, 1, new string('x', log));
}
