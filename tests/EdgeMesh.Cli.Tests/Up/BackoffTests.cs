using EdgeMesh.Cli.Up;

namespace EdgeMesh.Cli.Tests.Up;

public sealed class BackoffTests
{
    [Fact]
    public void Next_DyingAtOnce_DoublesUpToTheLongest()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1));

        var waits = Enumerable.Range(0, 5).Select(_ => backoff.Next(TimeSpan.Zero).TotalSeconds);

        Assert.Equal([1, 2, 4, 5, 5], waits);
    }

    [Fact]
    public void Next_AfterALongLife_StartsAnew()
    {
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1));
        backoff.Next(TimeSpan.Zero);
        backoff.Next(TimeSpan.Zero);

        Assert.Equal(1, backoff.Next(TimeSpan.FromMinutes(2)).TotalSeconds);
        Assert.Equal(2, backoff.Next(TimeSpan.Zero).TotalSeconds);
    }
}
