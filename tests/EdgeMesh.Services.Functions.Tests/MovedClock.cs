using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>Waits for what comes on other threads, of which no test can ask when.</summary>
internal static class MovedClock
{
    /// <summary>Far more than any test takes: what does not come, fails.</summary>
    private const int MostLooks = 3_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Moves the clock by a second with each look.</summary>
    public static Task AdvanceUntilAsync(this FakeTimeProvider clock, Func<bool> isSo) => UntilAsync(() =>
    {
        if (isSo())
        {
            return true;
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        return false;
    });

    public static async Task UntilAsync(Func<bool> isSo)
    {
        for (var looks = 0; !isSo(); looks++)
        {
            Assert.True(looks < MostLooks, "it does not come to that");
            await Task.Delay(10, Cancellation);
        }
    }
}
