using EdgeMesh.Cli.Sites;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Cli.Tests.Sites;

public sealed class MemoryAtRestTests : IDisposable
{
    private const long Burst = 100 << 20;

    private readonly FakeTimeProvider _clock = new();
    private readonly MemoryAtRest _memory;
    private TimeSpan _spent;
    private long _allocated;
    private int _collected;
    private int _given;

    public MemoryAtRestTests()
    {
        _memory = new MemoryAtRest(_clock, () => _spent, () => _allocated, () => _collected++, () => _given++);
        _memory.Start();
    }

    [Fact]
    public void Look_WhileTheProcessWorks_CollectsNothing()
    {
        for (var i = 0; i < 5; i++)
        {
            Pass(TimeSpan.FromSeconds(1), Burst);
        }

        Assert.Equal((0, 0), (_collected, _given));
    }

    [Fact]
    public void Look_AtRestAfterABurst_GivesBackOnce()
    {
        Pass(TimeSpan.FromSeconds(4), Burst);
        Pass(TimeSpan.FromMilliseconds(50), 0);
        Pass(TimeSpan.FromMilliseconds(50), 0);

        Assert.Equal(1, _given);
    }

    [Fact]
    public void Look_AtRestWithLittleGarbage_LeavesItToTheCollector()
    {
        Pass(TimeSpan.Zero, 1 << 20);

        Assert.Equal((0, 0), (_collected, _given));
    }

    [Fact]
    public void Look_AtRestForLong_CollectsInSmallPartsAndGivesNothingBack()
    {
        for (var i = 0; i < 10; i++)
        {
            Pass(TimeSpan.FromMilliseconds(50), 2 << 20);
        }

        Assert.Equal((5, 0), (_collected, _given));
    }

    [Fact]
    public void Look_AtTheNextBurst_GivesBackAgain()
    {
        Pass(TimeSpan.FromSeconds(5), Burst);
        Pass(TimeSpan.FromMilliseconds(50), 0);
        Pass(TimeSpan.FromSeconds(5), Burst);
        Pass(TimeSpan.Zero, 0);
        Assert.Equal(1, _given);

        // Not twice within a minute.
        for (var i = 0; i < 11; i++)
        {
            Pass(TimeSpan.Zero, 0);
        }

        Assert.Equal(2, _given);
    }

    [Fact]
    public void Look_WhileTheProcessWorksLightlyForHours_GivesNothingBack()
    {
        for (var i = 0; i < 1000; i++)
        {
            Pass(TimeSpan.FromMilliseconds(100), Burst);
        }

        Assert.Equal(0, _given);
    }

    public void Dispose() => _memory.Dispose();

    private void Pass(TimeSpan spent, long allocated)
    {
        _spent += spent;
        _allocated += allocated;
        _clock.Advance(TimeSpan.FromSeconds(5));
    }
}
