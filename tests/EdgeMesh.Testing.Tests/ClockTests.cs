using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Testing.Tests;

/// <summary>What waits in the sidecar waits for the test's clock. Time to live, redelivery, timers and reminders have their tests beside what they belong to.</summary>
public sealed class ClockTests
{
    private const string Hourly = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: hourly }
        spec:
          type: bindings.cron
          version: v1
          metadata: [{ name: schedule, value: "0 * * * *" }]
        """;

    private const string Patient = """
        apiVersion: dapr.io/v1alpha1
        kind: Resiliency
        metadata: { name: patient }
        spec:
          policies: { retries: { hourly: { policy: constant, duration: 1h, maxRetries: 3 } } }
          targets: { apps: { shy: { retry: hourly } } }
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Cron_FiresWhenTheTestMovesTheClock()
    {
        var (clock, fired) = (new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60)), new TaskCompletionSource<DateTimeOffset>());
        var app = new TestApp("bell", builder =>
        {
            var web = builder.Build();
            web.MapPost("/hourly", () => fired.TrySetResult(clock.GetUtcNow()));
            return web;
        });
        await using var host = await DaprTestHost.StartAsync(new() { Apps = [app], Clock = clock, Resources = Hourly }, Token);

        await MoveUntilAsync(fired.Task, clock, TimeSpan.FromMinutes(1));

        Assert.True(await fired.Task >= DateTimeOffset.UnixEpoch.AddYears(60).AddHours(1));
    }

    [Fact]
    public async Task Retry_ComesWhenTheTestMovesTheClock()
    {
        var (clock, asked) = (new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60)), 0);
        var app = new TestApp("shy", builder =>
        {
            var web = builder.Build();
            web.MapGet("/ask", () => Interlocked.Increment(ref asked) == 1 ? Results.StatusCode(503) : Results.Text("all right"));
            return web;
        });
        await using var host = await DaprTestHost.StartAsync(new() { Apps = [app, new("test")], Clock = clock, Resources = Patient }, Token);
        using var client = host.InvokeClient(from: "test", to: "shy");
        var answer = client.GetStringAsync("ask", Token);

        await MoveUntilAsync(answer, clock, TimeSpan.FromMinutes(10));

        Assert.Equal("all right", await answer);
        Assert.True(clock.GetUtcNow() >= DateTimeOffset.UnixEpoch.AddYears(60).AddHours(1));
        Assert.Equal(2, asked);
    }

    private static async Task MoveUntilAsync(Task done, FakeTimeProvider clock, TimeSpan step)
    {
        while (!done.IsCompleted)
        {
            Token.ThrowIfCancellationRequested();
            clock.Advance(step);
            await Task.Yield();
        }
    }
}
