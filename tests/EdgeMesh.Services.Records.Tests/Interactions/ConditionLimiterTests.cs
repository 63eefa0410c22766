using EdgeMesh.Hosting;
using EdgeMesh.Services.Records.Interactions;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Records.Tests.Interactions;

public sealed class ConditionLimiterTests
{
    private readonly FakeTimeProvider _clock = new();

    [Fact]
    public void Spend_TheLastToken_WaitsUntilTheNextHasCome()
    {
        var limiter = new ConditionLimiter(_clock, 2);
        var ada = Named("ada");
        limiter.Spend(ada);
        Assert.Null(limiter.Waits(ada));
        limiter.Spend(ada);

        Assert.Equal(30, limiter.Waits(ada));
        Assert.Null(limiter.Waits(Named("bob")));
        _clock.Advance(TimeSpan.FromSeconds(30));
        Assert.Null(limiter.Waits(ada));
    }

    [Fact]
    public void Spend_ByMoreCallersThanAreKept_SharesABucketUntilOthersAreFull()
    {
        var limiter = new ConditionLimiter(_clock, 2);
        for (var i = 0; i < ConditionLimiter.CallerLimit; i++)
        {
            limiter.Spend(Named($"caller-{i}"));
        }

        limiter.Spend(Named("ada"));
        limiter.Spend(Named("bob"));
        Assert.Equal(30, limiter.Waits(Named("eve")));
        Assert.Null(limiter.Waits(Named("caller-1")));

        _clock.Advance(TimeSpan.FromMinutes(1));
        limiter.Spend(Named("eve"));
        limiter.Spend(Named("eve"));
        Assert.NotNull(limiter.Waits(Named("eve")));
        Assert.Null(limiter.Waits(Named("ada")));
    }

    private static Caller Named(string subject) => new() { Kind = CallerKind.User, Subject = subject, Site = "clinic-a" };
}
