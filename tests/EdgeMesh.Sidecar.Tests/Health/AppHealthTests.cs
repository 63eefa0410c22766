using System.Text.Json;
using System.Threading.Channels;
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
        var delivered = Channel.CreateUnbounded<string>();
        await using var app = await TestApp.StartAsync(
            async context =>
            {
                if (context.Request.Path == "/up")
                {
                    context.Response.StatusCode = Volatile.Read(ref healthy) ? 200 : 500;
                }
                else if (context.Request.Path == "/orders")
                {
                    delivered.Writer.TryWrite((await JsonDocument.ParseAsync(context.Request.Body)).RootElement.GetProperty("data").GetString()!);
                }
            },
            context => context.Response.WriteAsync("""[{"pubsubname":"pubsub","topic":"orders","route":"/orders"}]"""));
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        using var log = new LogLines();
        await using var sidecar = await TestSidecar.StartAsync(
            Yaml.Component("pubsub", "pubsub.in-memory"), new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = app.Url }, log: log, change: o => o with
            {
                Clock = clock,
                Apps = [o.Apps[0], o.Apps[1] with { HealthCheck = new AppHealthOptions { Path = "/up", Interval = Interval, Timeout = TimeSpan.FromHours(1), Threshold = 2 } }],
            });
        using HttpClient http = sidecar.Http(), beta = sidecar.Http("beta");

        await BecomesAsync(http, 200, clock);
        await PublishAsync(http, "while healthy");
        Assert.Equal("while healthy", await delivered.Reader.ReadAsync(TestSidecar.Cancellation));

        Volatile.Write(ref healthy, false);
        await BecomesAsync(http, 500, clock);
        Assert.Equal(
            "failed to invoke, id: beta, err: rpc error: code = Internal desc = error invoking app channel: rpc error: code = Internal desc = app is not in a healthy state",
            (await http.GetAsync("/v1.0/invoke/beta/method/x", TestSidecar.Cancellation).FaultAsync()).Message);
        Assert.Equal(204, await beta.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync());
        await log.SeeAsync("its subscriptions have ended", TestSidecar.Cancellation);
        await PublishAsync(http, "while sick");

        // Nobody subscribed, so memory's broker kept nothing: what is delivered next was published last.
        Volatile.Write(ref healthy, true);
        await BecomesAsync(http, 200, clock);
        await PublishAsync(http, "healthy again");
        Assert.Equal("healthy again", await delivered.Reader.ReadAsync(TestSidecar.Cancellation));
    }

    private static async Task PublishAsync(HttpClient http, string order) => Assert.Equal(204, await http.PostJsonAsync("/v1.0/publish/pubsub/orders", $"\"{order}\"").StatusAsync());

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
