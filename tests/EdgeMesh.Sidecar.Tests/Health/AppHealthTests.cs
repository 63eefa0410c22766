using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Health;

/// <summary>Apps whose health is probed.</summary>
public sealed class AppHealthTests
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task Unhealthy_AfterSoManyProbes_GetsNoMessagesAndNoCalls_UntilItIsHealthy()
    {
        var healthy = true;
        var delivered = new SemaphoreSlim(0);
        await using var app = await TestApp.StartAsync(
            context =>
            {
                if (context.Request.Path == "/up")
                {
                    context.Response.StatusCode = Volatile.Read(ref healthy) ? 200 : 500;
                }
                else if (context.Request.Path == "/orders")
                {
                    delivered.Release();
                }

                return Task.CompletedTask;
            },
            context => context.Response.WriteAsync("""[{"pubsubname":"pubsub","topic":"orders","route":"/orders"}]"""));
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        await using var sidecar = await TestSidecar.StartAsync(
            Yaml.Component("pubsub", "pubsub.in-memory"), new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = app.Url }, change: o => o with
            {
                Clock = clock,
                Apps = [o.Apps[0], o.Apps[1] with { HealthCheck = new AppHealthOptions { Path = "/up", Interval = Interval, Timeout = TimeSpan.FromHours(1), Threshold = 2 } }],
            });
        using HttpClient http = sidecar.Http(), beta = sidecar.Http("beta");

        await BecomesAsync(http, 200, clock);
        await PublishAsync(http);
        await delivered.WaitAsync(TestSidecar.Cancellation);

        Volatile.Write(ref healthy, false);
        await BecomesAsync(http, 500, clock);
        Assert.Equal(
            "failed to invoke, id: beta, err: rpc error: code = Internal desc = error invoking app channel: rpc error: code = Internal desc = app is not in a healthy state",
            (await http.GetAsync("/v1.0/invoke/beta/method/x", TestSidecar.Cancellation).FaultAsync()).Message);
        Assert.Equal(204, await beta.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync());
        await PublishAsync(http);
        Assert.Equal(0, delivered.CurrentCount);

        Volatile.Write(ref healthy, true);
        await BecomesAsync(http, 200, clock);
        await PublishAsync(http);
        await delivered.WaitAsync(TestSidecar.Cancellation);
    }

    private static async Task PublishAsync(HttpClient http) => Assert.Equal(204, await http.PostJsonAsync("/v1.0/publish/pubsub/orders", "{}").StatusAsync());

    /// <summary>Probes run on the moved clock, and their answers come over the network.</summary>
    private static async Task BecomesAsync(HttpClient http, int status, FakeTimeProvider clock)
    {
        while (await http.GetAsync("/v1.0/invoke/beta/method/x", TestSidecar.Cancellation).StatusAsync() != status)
        {
            clock.Advance(Interval);
            await Task.Delay(10, TestSidecar.Cancellation);
        }
    }
}
