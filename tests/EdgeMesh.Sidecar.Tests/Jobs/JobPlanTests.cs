using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.BuildingBlocks.Jobs;

namespace EdgeMesh.Sidecar.Tests.Jobs;

public sealed class JobPlanTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("1h30m", 5400)]
    [InlineData("PT1H30M", 5400)]
    [InlineData("P1D", 86400)]
    [InlineData("2030-01-01T12:00:07Z", 7)]
    [InlineData("2030-01-01T14:00:07+02:00", 7)]
    [InlineData("2029-01-01T12:00:00Z", -31_536_000)]
    public void TryRead_DueTime_IsThatMoment(string due, int seconds)
    {
        Assert.True(JobPlan.TryRead(new Job { DueTime = due }, Now, out var plan, out _));
        Assert.Equal(Now.AddSeconds(seconds), plan.FirstDue);
        Assert.Null(plan.Next(plan.FirstDue, Now, 1, new Job { DueTime = due }));
    }

    [Theory]
    [InlineData("10")]
    [InlineData("soon")]
    [InlineData("P")]
    [InlineData("PT99999999999999H")]
    [InlineData("99999999999999h")]
    [InlineData("2030-01-01")]
    [InlineData("-")]
    public void TryRead_NoSuchTime_IsRefused(string due)
    {
        Assert.False(JobPlan.TryRead(new Job { DueTime = due }, Now, out _, out var fault));
        Assert.Equal("due time format not recognized", fault);
    }

    [Fact]
    public void Next_ScheduleWithRepeats_EndsAfterThem()
    {
        var job = new Job { Schedule = "@every 10s", Repeats = 3 };
        Assert.True(JobPlan.TryRead(job, Now, out var plan, out _));
        Assert.Equal(Now.AddSeconds(10), plan.FirstDue);
        Assert.Equal(Now.AddSeconds(20), plan.Next(plan.FirstDue, plan.FirstDue, 1, job));
        Assert.Null(plan.Next(Now.AddSeconds(30), Now.AddSeconds(30), 3, job));
    }

    [Fact]
    public void Next_NobodyWasThere_IsInTheFutureAndNotMadeUpFor()
    {
        var job = new Job { Schedule = "0 0 * * * *" };
        Assert.True(JobPlan.TryRead(job, Now, out var plan, out _));
        Assert.Equal(Now.AddHours(6), plan.Next(plan.FirstDue, Now.AddHours(5.5), 1, job));
    }

    [Fact]
    public void Next_AfterItsTimeToLive_DoesNotCome()
    {
        var job = new Job { Schedule = "@every 10s", Ttl = "25s" };
        Assert.True(JobPlan.TryRead(job, Now, out var plan, out _));
        Assert.Equal(Now.AddSeconds(20), plan.Next(Now.AddSeconds(10), Now.AddSeconds(10), 1, job));
        Assert.Null(plan.Next(Now.AddSeconds(20), Now.AddSeconds(20), 2, job));
    }
}
