using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Telemetry.Tests;

/// <summary>A clock that a test moves until something has happened: the code under test waits on this clock alone, its disk and its other
/// threads take the time they take.</summary>
internal sealed class MovedClock : FakeTimeProvider
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public MovedClock()
        : base(new DateTimeOffset(2030, 2, 3, 4, 5, 6, TimeSpan.Zero))
    {
    }

    /// <param name="happened">What is waited for.</param>
    /// <param name="step">How far the clock moves between two looks.</param>
    public async Task MoveUntilAsync(Func<bool> happened, TimeSpan? step = null)
    {
        var started = Stopwatch.StartNew();
        while (!happened())
        {
            Assert.True(started.Elapsed < Patience, $"It has not happened after {Patience}, with the clock at {GetUtcNow():u}.");
            Advance(step ?? TimeSpan.FromMilliseconds(500));
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }
}
