using System.Net;
using Dapr;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
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
