using System.Net;
using System.Net.Http.Headers;
using System.Text;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.Tests.Servers;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.MeshTests.Brokers;

/// <summary>What a durable broker must give through either engine, whatever dies. Each test has a topic of its own.</summary>
/// <param name="broker">The broker, shared by the tests of a class.</param>
public abstract class BrokerSuite(BrokerFixture broker) : IDisposable
{
    private readonly string _topic = "t" + Guid.NewGuid().ToString("N")[..12];
    private readonly string _resources = Directory.CreateTempSubdirectory("edgemesh-broker-").FullName;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SidecarProcess.Embedded)]
    [InlineData(SidecarProcess.Daprd)]
    public async Task Sidecar_KilledWhileItsAppHasAMessage_DeliversItAgain(string engine)
    {
        await using var app = await AppAsync("alpha");
        using var blocked = new ManualResetEventSlim();
        app.Answer(_topic, _ =>
        {
            blocked.Wait(TimeSpan.FromSeconds(60), CancellationToken.None);
            return Results.Ok();
        });
        await using (var first = await StartAsync(engine, app))
        {
            await PublishAsync(first, "\"kept\"");
            await Patience.HoldsAsync(() => Task.FromResult(app.Taken(_topic) > 0), () => first.Said, Cancellation);
        }

        blocked.Set();
        app.Answer(_topic, _ => Results.Ok());
        await using var second = await StartAsync(engine, app);
        await app.NextAsync(_topic, Cancellation);
        var again = await app.NextAsync(_topic, Cancellation);
        Assert.Equal("kept", again.Json.GetProperty("data").GetString());
    }

    [Theory]
    [InlineData(SidecarProcess.Embedded)]
    [InlineData(SidecarProcess.Daprd)]
    public async Task App_AwayForAWhile_GetsTheMessageWhenItIsBack(string engine)
    {
        await using var app = await AppAsync("alpha");
        var tries = 0;
        // Gone in the middle of the first two deliveries.
        app.Answer(_topic, _ => Interlocked.Increment(ref tries) < 3 ? new Gone() : Results.Ok());
        await using var sidecar = await StartAsync(engine, app);
        await PublishAsync(sidecar, "\"kept\"");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("kept", (await app.NextAsync(_topic, Cancellation)).Json.GetProperty("data").GetString());
        }
    }

    [Theory]
    [InlineData(SidecarProcess.Embedded)]
    [InlineData(SidecarProcess.Daprd)]
    public async Task Groups_SidecarsOfOneAppShare_AndAnotherAppGetsAll(string engine)
    {
        const int Messages = 40;
        await using var one = await AppAsync("alpha");
        await using var two = await AppAsync("alpha");
        await using var other = await AppAsync("beta");
        await using var first = await StartAsync(engine, one);
        await using var second = await StartAsync(engine, two);
        await using var third = await StartAsync(engine, other);
        for (var n = 0; n < Messages; n++)
        {
            await PublishAsync(first, $"{n}", $"?metadata.partitionKey={n}");
        }

        var (left, right) = (new HashSet<int>(), new HashSet<int>());
        await Patience.HoldsAsync(() => Task.FromResult(Drain(one, left) + Drain(two, right) >= Messages), () => first.Said + second.Said, Cancellation);
        Assert.Equal(Enumerable.Range(0, Messages), left.Union(right).Order());
        Assert.True(left.Count > 0 && right.Count > 0, $"{left.Count} and {right.Count} of {Messages}: the two did not share");
        var all = new HashSet<int>();
        await Patience.HoldsAsync(() => Task.FromResult(Drain(other, all) >= Messages), () => third.Said, Cancellation);
    }

    [Theory]
    [InlineData(SidecarProcess.Embedded)]
    [InlineData(SidecarProcess.Daprd)]
    public async Task Broker_KilledAndStartedAgain_KeepsMessagesAndSubscriptions(string engine)
    {
        var busy = _topic + "busy";
        await using var app = await AppAsync("alpha", busy, _topic);
        var isTaken = false;
        using var worked = new CancellationTokenSource();
        app.Answer(busy, async _ =>
        {
            await Task.Delay(Timeout.Infinite, worked.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return Results.Ok();
        });
        app.Answer(_topic, _ => Volatile.Read(ref isTaken) ? Results.Ok() : Results.StatusCode(500));
        await using var sidecar = await StartAsync(engine, app);
        if (GoesOnBesideABusyOne(engine))
        {
            // A message that the app works on all the while, the first in line, holds up nothing else.
            await PublishAsync(sidecar, "\"busy\"", topic: busy);
            await Patience.HoldsAsync(() => Task.FromResult(app.Taken(busy) > 0), () => sidecar.Said, Cancellation);
        }

        await PublishAsync(sidecar, "\"before\"");
        await app.NextAsync(_topic, Cancellation);

        await broker.RestartAsync(Cancellation);
        Volatile.Write(ref isTaken, true);

        await Patience.HoldsAsync(async () => await TryPublishAsync(sidecar, "\"after\"") == HttpStatusCode.NoContent, () => sidecar.Said, Cancellation);
        var seen = new HashSet<string>();
        await Patience.HoldsAsync(
            () =>
            {
                while (app.TryNext(_topic) is { } delivery)
                {
                    seen.Add(delivery.Json.GetProperty("data").GetString()!);
                }

                return Task.FromResult(seen.SetEquals(["before", "after"]));
            },
            () => sidecar.Said,
            Cancellation);
        await worked.CancelAsync();
    }

    /// <summary>Whether an engine delivers after the broker's restart while the app still works on a message of before.</summary>
    private protected virtual bool GoesOnBesideABusyOne(string engine) => true;

    private Task<TestApp> AppAsync(string appId) => AppAsync(appId, _topic);

    private static Task<TestApp> AppAsync(string appId, params string[] topics) =>
        TestApp.StartAsync(appId, [.. topics.Select(topic => new { pubsubname = BrokerFixture.Component, topic, route = $"/deliver/{topic}" })], Cancellation);

    private Task<SidecarProcess> StartAsync(string engine, TestApp app)
    {
        broker.Write(_resources, broker.Port);
        return SidecarProcess.StartAsync(engine, app.AppId, app.Port, _resources, Cancellation);
    }

    private async Task PublishAsync(SidecarProcess sidecar, string json, string query = "", string? topic = null) =>
        Assert.Equal(HttpStatusCode.NoContent, await TryPublishAsync(sidecar, json, query, topic));

    private async Task<HttpStatusCode> TryPublishAsync(SidecarProcess sidecar, string json, string query = "", string? topic = null)
    {
        using var body = new StringContent(json, Encoding.UTF8, MediaTypeHeaderValue.Parse("application/json"));
        using var answer = await sidecar.Http.PostAsync($"/v1.0/publish/{BrokerFixture.Component}/{topic ?? _topic}{query}", body, Cancellation);
        return answer.StatusCode;
    }

    private int Drain(TestApp app, HashSet<int> into)
    {
        while (app.TryNext(_topic) is { } delivery)
        {
            into.Add(delivery.Json.GetProperty("data").GetInt32());
        }

        return into.Count;
    }

    public void Dispose()
    {
        Directory.Delete(_resources, recursive: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The app dies in the middle of its answer.</summary>
    private sealed class Gone : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Abort();
            return Task.CompletedTask;
        }
    }
}

[Trait("Category", "Engines")]
public sealed class RabbitMqTests(RabbitMqFixture broker) : BrokerSuite(broker), IClassFixture<RabbitMqFixture>;

[Trait("Category", "Engines")]
public sealed class KafkaTests(KafkaFixture broker) : BrokerSuite(broker), IClassFixture<KafkaFixture>
{
    private protected override bool GoesOnBesideABusyOne(string engine) => engine != SidecarProcess.Daprd;
}
