namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>Waits for a time on the sidecar's clock, however far off: timers of the base library end at 49 days.</summary>
internal static class Moment
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    public static async Task WaitAsync(DateTimeOffset due, TimeProvider clock, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        while (due - clock.GetUtcNow() is var left && left > TimeSpan.Zero)
        {
            await Task.Delay(left < Longest ? left : Longest, clock, cancellation);
        }
    }
}
