using System.Net;
using System.Net.Http.Json;
using Dapr;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Testing.Tests;

/// <summary>A sidecar that is killed breaks off what is under way; one that stops lets it end.</summary>
public sealed class SidecarDeathTests : IAsyncLifetime
{
    private const string Durable = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: events }
        spec: { type: pubsub.edgemesh.sqlite, version: v1, metadata: [{ name: connectionString, value: events.db }] }
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: heads }
        spec: { type: state.in-memory, version: v1 }
        """;

    private DaprTestHost _host = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Work Work => _host.Services("worker").GetRequiredService<Work>();

    public async ValueTask InitializeAsync() => _host = await DaprTestHost.StartAsync(new() { Apps = [new("worker", Worker), new("test")], Resources = Durable }, Token);

    [Fact]
    public async Task Kill_WithAnInvocationUnderWay_BreaksItOffOnBothSides()
    {
        using var client = _host.InvokeClient(from: "test", to: "worker");
        var answer = client.GetAsync("work", Token);
        var work = await Work.NextAsync(Token);

        await _host.KillSidecarAsync();

        await Assert.ThrowsAsync<HttpRequestException>(() => answer);
        await work.AbortedAsync(Token);
        work.Finish();
        Assert.NotNull((await _host.Calls.FirstAsync(c => c.Kind == CallKind.Invocation, Token)).Failure);
    }

    [Fact]
    public async Task Kill_WithAnAppsOwnCallUnderWay_LooksToItLikeAnApiThatDied()
    {
        using var client = _host.AppClient("worker");
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _host.Faults.Delay(c => c is { Kind: CallKind.Invocation, Name: "GET /ping" } && (reached.TrySetResult() || true), TimeSpan.FromHours(1));
        var answer = client.GetStringAsync("/ask-myself", Token);
        await reached.Task.WaitAsync(Token);

        await _host.KillSidecarAsync();

        Assert.Equal("the sidecar is gone", await answer);
    }

    [Fact]
    public async Task Kill_WithAMessageInTheAppsHand_DoesNotAcknowledgeIt()
    {
        await _host.Dapr("test").PublishEventAsync("events", "tasks", "dig", Token);
        var first = await Work.NextAsync(Token);

        await _host.KillSidecarAsync();
        await first.AbortedAsync(Token);
        first.Finish();
        await _host.StartSidecarAsync(Token);
        (await Work.NextAsync(Token)).Finish();

        var done = await _host.Calls.FirstAsync(c => c is { Kind: CallKind.Delivery, Status: 200 }, Token);
        Assert.Equal("dig", done.Json<string>());
    }

    [Fact]
    public async Task Kill_WithAMessageWhoseAppNeedsTheSidecar_DeadLettersNothing()
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (_host.Faults.Delay(c => c.Kind == CallKind.StateRead && (reached.TrySetResult() || true), TimeSpan.FromHours(1)))
        {
            await _host.Dapr("test").PublishEventAsync("events", "careful", "dig", Token);
            await reached.Task.WaitAsync(Token);
            await _host.KillSidecarAsync();
        }

        await _host.StartSidecarAsync(Token);

        await _host.Calls.FirstAsync(c => c is { Kind: CallKind.Delivery, Name: "careful", Status: 200 }, Token);
        Assert.DoesNotContain(_host.Calls.Of(CallKind.Publish), c => c.Name == "lost");
    }

    [Fact]
    public async Task Kill_WithAJobInTheAppsHand_KeepsTheJob()
    {
        using var client = _host.SidecarClient("worker");
        using var scheduled = await client.PostAsJsonAsync("/v1.0-alpha1/jobs/dig", new { dueTime = "0s", failurePolicy = new { drop = new { } } }, Token);
        var first = await Work.NextAsync(Token);

        await _host.KillSidecarAsync();
        first.Finish();
        await _host.StartSidecarAsync(Token);
        (await Work.NextAsync(Token)).Finish();

        Assert.Equal("dig", (await _host.Calls.FirstAsync(c => c is { Kind: CallKind.JobTrigger, Status: 200 }, Token)).Name);
    }

    [Fact]
    public async Task Start_AfterAKill_ServesOnTheSamePorts()
    {
        using var client = _host.InvokeClient(from: "test", to: "worker");
        await _host.KillSidecarAsync();
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetStringAsync("ping", Token));

        await _host.StartSidecarAsync(Token);

        Assert.Equal("pong", await client.GetStringAsync("ping", Token));
    }

    [Fact]
    public async Task Stop_WithAnInvocationUnderWay_LetsItEnd()
    {
        using var client = _host.InvokeClient(from: "test", to: "worker");
        var answer = client.GetAsync("work", Token);
        var work = await Work.NextAsync(Token);

        var stopping = _host.StopSidecarAsync();
        Assert.False(stopping.IsCompleted);
        work.Finish();
        using var ended = await answer;
        await stopping;

        Assert.Equal(HttpStatusCode.OK, ended.StatusCode);
    }

    private static WebApplication Worker(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Work>();
        builder.Services.AddDaprClient();
        var app = builder.Build();
        app.UseCloudEvents();
        app.MapSubscribeHandler();
        app.MapGet("/ping", () => "pong");
        app.MapGet("/work", (HttpContext context, Work work) => work.DoAsync(context.RequestAborted));
        app.MapPost("/tasks", [Topic("events", "tasks")] (HttpContext context, Work work) => work.DoAsync(context.RequestAborted));
        app.MapPost("/job/dig", (HttpContext context, Work work) => work.DoAsync(context.RequestAborted));
        app.MapPost("/careful", [Topic("events", "careful", DeadLetterTopic = "lost")] async (IConfiguration settings) =>
        {
            // No client of Dapr's: that would look for the new sidecar only after a while.
            using var sidecar = new HttpClient { DefaultRequestHeaders = { { "dapr-api-token", settings["DAPR_API_TOKEN"] } } };
            await sidecar.GetStringAsync($"{settings["DAPR_HTTP_ENDPOINT"]}v1.0/state/heads/plan");
        });
        app.MapPost("/lost", [Topic("events", "lost")] () => { });
        app.MapGet("/ask-myself", async (DaprClient dapr) =>
        {
            using var client = dapr.CreateInvokableHttpClient("worker");
            try
            {
                return await client.GetStringAsync("/ping");
            }
            catch (HttpRequestException)
            {
                return "the sidecar is gone";
            }
        });
        return app;
    }

    public ValueTask DisposeAsync() => _host.DisposeAsync();
}
