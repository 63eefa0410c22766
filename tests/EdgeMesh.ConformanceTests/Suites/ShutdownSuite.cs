using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>How a sidecar ends that was told to: what still comes to its app, what is finished, and with which code.</summary>
public abstract class ShutdownSuite(bool isReal) : RunSuite(isReal)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Stop_WithACallInFlight_FinishesIt_AndTakesNoOther()
    {
        await using var app = await AppAsync();
        await using var run = await StartAsync(app);
        using var client = run.Client();
        var release = Hold(app, "held");
        var call = client.PostAsync("/v1.0/invoke/alpha/method/deliver/held", Running.Json("{}"), Cancellation);
        await app.NextAsync("held", Cancellation);
        run.Stop();
        await Eventually.HoldsAsync(async () =>
        {
            using var another = run.Client();
            try
            {
                using var answer = await another.GetAsync("/v1.0/healthz/outbound", Cancellation);
                return false;
            }
            catch (HttpRequestException)
            {
                return true;
            }
        }, Cancellation);
        release.SetResult();
        using var finished = await call;
        Assert.Equal("held", await finished.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal(0, await run.ExitCode.WaitAsync(Patience, Cancellation));
    }

    [Fact]
    public async Task Stop_WithACallThatTakesTooLong_CutsItOff_AndEndsWith1()
    {
        await using var app = await AppAsync();
        await using var run = await StartAsync(app, "--dapr-graceful-shutdown-seconds", "1");
        using var client = run.Client();
        var release = Hold(app, "held");
        var call = client.PostAsync("/v1.0/invoke/alpha/method/deliver/held", Running.Json("{}"), Cancellation);
        await app.NextAsync("held", Cancellation);
        run.Stop();
        await Assert.ThrowsAsync<HttpRequestException>(() => call);
        Assert.Equal(1, await run.ExitCode.WaitAsync(Patience, Cancellation));
        release.SetResult();
    }

    [Fact]
    public async Task Stop_WithAMessageInHand_WaitsForTheApp()
    {
        await using var app = await AppAsync();
        await using var run = await StartAsync(app);
        using var client = run.Client();
        var release = Hold(app, "message");
        using var published = await client.PostAsync("/v1.0/publish/pubsub/t", Running.Json("{}"), Cancellation);
        await app.NextAsync("message", Cancellation);
        run.Stop();
        await Eventually.HoldsAsync(async () => !await IsReadyAsync(run), Cancellation);
        Assert.False(run.ExitCode.IsCompleted);
        release.SetResult();
        Assert.Equal(0, await run.ExitCode.WaitAsync(Patience, Cancellation));
    }

    [Fact]
    public async Task Block_EndsMessagesAndBindings_AndServesTheRest_UntilTheAppIsSick()
    {
        await using var app = await AppAsync();
        await using var run = await StartAsync(
            app, "--dapr-block-shutdown-duration", "60s", "--enable-app-health-check", "--app-health-check-path", "/health", "--app-health-probe-interval", "1", "--app-health-threshold", "1");
        using var client = run.Client();
        await app.NextAsync("binding-cron", Cancellation);
        run.Stop();
        await Eventually.HoldsAsync(async () => !await IsReadyAsync(run), Cancellation);
        var fault = await Faults.OfAsync(client.GetAsync("/v1.0/healthz", Cancellation));
        Assert.Equal((500, "ERR_HEALTH_NOT_READY"), (fault.Status, fault.Code));
        using var outbound = await client.GetAsync("/v1.0/healthz/outbound", Cancellation);
        Assert.Equal(204, (int)outbound.StatusCode);

        // It is asked on, for a second and more.
        var asked = app.Asked;
        await Eventually.HoldsAsync(() => Task.FromResult(app.Asked >= asked + 2), Cancellation);
        while (app.TryNext("binding-cron") is not null)
        {
            // Those from before.
        }

        using var published = await client.PostAsync("/v1.0/publish/pubsub/t", Running.Json("{}"), Cancellation);
        Assert.Equal(204, (int)published.StatusCode);
        using var invoked = await client.GetAsync("/v1.0/invoke/alpha/method/status/200", Cancellation);
        Assert.Equal(200, (int)invoked.StatusCode);
        Assert.False(run.ExitCode.IsCompleted);
        app.IsHealthy = false;
        Assert.Equal(0, await run.ExitCode.WaitAsync(Patience, Cancellation));
        Assert.False(app.HasDelivery("message"));
        Assert.False(app.HasDelivery("binding-cron"));
    }

    [Fact]
    public async Task Block_FinishesAnActorsCall_AndTakesMore()
    {
        await using var plane = await StartControlPlaneAsync();
        await using var app = await AppAsync();
        await using var run = await StartAsync(app, ["--dapr-block-shutdown-duration", "60s", .. plane?.Flags ?? []]);
        using var client = run.Client();
        var release = Hold(app, "plain/1/method/held");
        var held = client.PutAsync("/v1.0/actors/plain/1/method/held", null, Cancellation);
        await app.NextAsync("plain/1/method/held", Cancellation);
        run.Stop();
        await Eventually.HoldsAsync(async () => !await IsReadyAsync(run), Cancellation);
        using var another = await client.PutAsync("/v1.0/actors/plain/2/method/m", null, Cancellation);
        Assert.Equal((200, ""), ((int)another.StatusCode, await another.Content.ReadAsStringAsync(Cancellation)));
        Assert.False(held.IsCompleted);
        release.SetResult();
        using var finished = await held;
        Assert.Equal((200, "held"), ((int)finished.StatusCode, await finished.Content.ReadAsStringAsync(Cancellation)));
        Assert.False(app.HasDelivery("gone/plain/1"));
        using var end = await client.PostAsync("/v1.0/shutdown", null, Cancellation);
        Assert.Equal(204, (int)end.StatusCode);
    }

    [Fact]
    public async Task Block_IsOverAfterItsTime()
    {
        await using var app = await AppAsync();
        await using var run = await StartAsync(app, "--dapr-block-shutdown-duration", "300ms");
        run.Stop();
        Assert.Equal(0, await run.ExitCode.WaitAsync(Patience, Cancellation));
    }

    [Fact]
    public async Task Shutdown_ByTheApi_DoesNotBlock()
    {
        await using var app = await AppAsync();
        await using var run = await StartAsync(app, "--dapr-block-shutdown-duration", "60s");
        using var client = run.Client();
        using var answer = await client.PostAsync("/v1.0/shutdown", null, Cancellation);
        Assert.Equal(204, (int)answer.StatusCode);
        Assert.Equal(0, await run.ExitCode.WaitAsync(Patience, Cancellation));
    }

    /// <summary>Its answer to deliveries of that name waits until the test lets it.</summary>
    private static TaskCompletionSource Hold(TestApp app, string name)
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        app.Answer(name, async _ =>
        {
            await release.Task;
            return Results.Text("held");
        });
        return release;
    }

    private static Task<TestApp> AppAsync() => TestApp.StartAsync("alpha", [new { pubsubname = "pubsub", topic = "t", route = "/deliver/message" }], Cancellation);

    private static async Task<bool> IsReadyAsync(SidecarRun run)
    {
        using var client = run.Client();
        try
        {
            using var answer = await client.GetAsync("/v1.0/healthz", Cancellation);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private Task<SidecarRun> StartAsync(TestApp app, params string[] flags) => StartAsync(
        app, "  features: []\n",
        ActorStore + Component("pubsub", "pubsub.in-memory") + Component("cron", "bindings.cron", ("schedule", "@every 300ms"), ("direction", "input"), ("route", "/bindings/cron")),
        flags);
}

public sealed class EmbeddedShutdownTests() : ShutdownSuite(isReal: false);

[Trait("Category", "Engines")]
public sealed class DaprdShutdownTests() : ShutdownSuite(isReal: true);
