using System.Net;
using Dapr;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Testing.Tests;

/// <summary>What each fault does, and what is recorded of it.</summary>
public sealed class FaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Fail_AWrite_TellsTheAppAndLeavesNothing()
    {
        await using var host = await DaprTestHost.StartAsync(new() { Apps = [new TestApp("test")] }, Token);
        using (host.Faults.Fail(c => c is { Kind: CallKind.StateWrite, Name: "k" }))
        {
            await Assert.ThrowsAsync<DaprException>(() => host.Dapr("test").SaveStateAsync("heads", "k", 1, cancellationToken: Token));
        }

        Assert.NotNull(Assert.Single(host.Calls.Of(CallKind.StateWrite)).Failure);
        Assert.Equal(0, await host.Dapr("test").GetStateAsync<int>("heads", "k", cancellationToken: Token));
        await host.Dapr("test").SaveStateAsync("heads", "k", 1, cancellationToken: Token);
        Assert.Equal(1, await host.Dapr("test").GetStateAsync<int>("heads", "k", cancellationToken: Token));
    }

    [Fact]
    public async Task Fail_ARead_TellsTheAppWithDaprsCode()
    {
        await using var host = await DaprTestHost.StartAsync(new() { Apps = [new TestApp("test")] }, Token);
        host.Faults.Fail(c => c.Kind == CallKind.StateRead);

        var error = await Assert.ThrowsAsync<DaprException>(() => host.Dapr("test").GetStateAsync<int>("heads", "k", cancellationToken: Token));
        var status = Assert.IsType<Grpc.Core.RpcException>(error.InnerException).Status;
        Assert.Equal(Grpc.Core.StatusCode.Internal, status.StatusCode);
        Assert.StartsWith("fail to get k from state store heads: ", status.Detail, StringComparison.Ordinal);
        using var answer = await host.SidecarClient("test").GetAsync("/v1.0/state/heads/k", Token);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        Assert.Contains("ERR_STATE_GET", await answer.Content.ReadAsStringAsync(Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LoseAnswer_OfAWrite_FailsAndTheWriteStands()
    {
        await using var host = await DaprTestHost.StartAsync(new() { Apps = [new TestApp("test")] }, Token);
        host.Faults.LoseAnswer(c => c.Kind == CallKind.StateWrite, times: 1);

        await Assert.ThrowsAsync<DaprException>(() => host.Dapr("test").SaveStateAsync("heads", "k", 1, cancellationToken: Token));

        Assert.Equal(1, await host.Dapr("test").GetStateAsync<int>("heads", "k", cancellationToken: Token));
    }

    [Fact]
    public async Task Fail_OneWriteOfATransaction_FailsAllOfIt()
    {
        await using var host = await DaprTestHost.StartAsync(new() { Apps = [new TestApp("test")] }, Token);
        host.Faults.Fail(c => c is { Kind: CallKind.StateWrite, Name: "b" });
        StateTransactionRequest[] operations = [new("a", "1"u8.ToArray(), StateOperationType.Upsert), new("b", "2"u8.ToArray(), StateOperationType.Upsert)];

        await Assert.ThrowsAsync<DaprException>(() => host.Dapr("test").ExecuteStateTransactionAsync("heads", operations, cancellationToken: Token));

        Assert.Equal(0, await host.Dapr("test").GetStateAsync<int>("heads", "a", cancellationToken: Token));
    }

    [Fact]
    public async Task Delay_ARead_LastsUntilTheTestMovesTheClock()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        await using var host = await DaprTestHost.StartAsync(new() { Apps = [new("test")], Clock = clock }, Token);
        host.Faults.Delay(c => c is { Kind: CallKind.StateRead, Name: "k" }, TimeSpan.FromHours(1));

        var slow = host.Dapr("test").GetStateAsync<int>("heads", "k", cancellationToken: Token);
        await host.Dapr("test").GetStateAsync<int>("heads", "other", cancellationToken: Token);
        Assert.DoesNotContain(host.Calls.Of(CallKind.StateRead), c => c.Name == "k");
        while (!slow.IsCompleted)
        {
            clock.Advance(TimeSpan.FromHours(1));
            await Task.Yield();
        }

        Assert.Equal(0, await slow);
    }

    [Fact]
    public async Task Drop_APublishedMessage_LooksDoneAndIsNeverDelivered()
    {
        await using var host = await StartListenerAsync();
        using (host.Faults.Drop(c => c.Kind == CallKind.Publish))
        {
            await host.Dapr("test").PublishEventAsync("events", "news", "lost", Token);
        }

        await host.Dapr("test").PublishEventAsync("events", "news", "kept", Token);

        Assert.Equal("kept", (await host.Calls.FirstAsync(c => c.Kind == CallKind.Delivery, Token)).Json<string>());
    }

    [Fact]
    public async Task Duplicate_ADelivery_ReachesTheAppTwiceAndIsOneDelivery()
    {
        await using var host = await StartListenerAsync();
        host.Faults.Duplicate(c => c.Kind == CallKind.Delivery);

        await host.Dapr("test").PublishEventAsync("events", "news", "twice", Token);
        await host.Calls.FirstAsync(c => c.Kind == CallKind.Delivery, Token);

        Assert.Equal(["twice", "twice"], host.Services("listener").GetRequiredService<Heard>().All);
    }

    [Fact]
    public async Task Reorder_TwoMessages_AreDeliveredTheOtherWayRound()
    {
        await using var host = await StartListenerAsync();
        host.Faults.Reorder(c => c.Kind == CallKind.Publish);

        await host.Dapr("test").PublishEventAsync("events", "news", "first", Token);
        await host.Dapr("test").PublishEventAsync("events", "news", "second", Token);

        var deliveries = await host.Calls.TakeAsync(2, c => c.Kind == CallKind.Delivery, Token);
        Assert.Equal(["second", "first"], deliveries.Select(d => d.Json<string>()));
    }

    [Fact]
    public async Task Reorder_AMessageWithoutASecond_IsDeliveredWhenTheFaultEnds()
    {
        await using var host = await StartListenerAsync();
        using (host.Faults.Reorder(c => c.Kind == CallKind.Publish))
        {
            await host.Dapr("test").PublishEventAsync("events", "news", "alone", Token);
        }

        Assert.Equal("alone", (await host.Calls.FirstAsync(c => c.Kind == CallKind.Delivery, Token)).Json<string>());
    }

    [Fact]
    public async Task Reorder_AnOddNumberOfTimes_HoldsNothingBackForEver()
    {
        await using var host = await StartListenerAsync();
        host.Faults.Reorder(c => c.Kind == CallKind.Publish, times: 3);

        foreach (var news in (string[])["first", "second", "third"])
        {
            await host.Dapr("test").PublishEventAsync("events", "news", news, Token);
        }

        var deliveries = await host.Calls.TakeAsync(3, c => c.Kind == CallKind.Delivery, Token);
        Assert.Equal(["second", "first", "third"], deliveries.Select(d => d.Json<string>()));
    }

    [Fact]
    public async Task Reorder_WhenTheSecondFails_TheFirstHappensAllTheSame()
    {
        await using var host = await StartListenerAsync();
        host.Faults.Reorder(c => c.Kind == CallKind.Publish);
        host.Faults.Fail(c => c.Kind == CallKind.Publish && c.Json<string>() == "second");

        await host.Dapr("test").PublishEventAsync("events", "news", "first", Token);
        await Assert.ThrowsAsync<DaprException>(() => host.Dapr("test").PublishEventAsync("events", "news", "second", Token));

        Assert.Equal("first", (await host.Calls.FirstAsync(c => c.Kind == CallKind.Delivery, Token)).Json<string>());
    }

    [Fact]
    public async Task Dispose_AHostThatHoldsADeliveryBack_DeliversIt()
    {
        Heard heard;
        await using (var host = await StartListenerAsync())
        {
            heard = host.Services("listener").GetRequiredService<Heard>();
            host.Faults.Reorder(c => c.Kind == CallKind.Delivery);
            await host.Dapr("test").PublishEventAsync("events", "news", "held", Token);
            await host.Calls.FirstAsync(c => c.Kind == CallKind.Delivery, Token);
            Assert.Empty(heard.All);
        }

        Assert.Equal(["held"], heard.All);
    }

    [Fact]
    public async Task Reorder_AWriteThatFailsWhenItHappens_IsRecordedAsFailed()
    {
        await using var host = await DaprTestHost.StartAsync(new() { Apps = [new TestApp("test")] }, Token);
        using (host.Faults.Reorder(c => c is { Kind: CallKind.StateWrite, Name: "k" }))
        {
            host.Faults.Fail(c => c is { Kind: CallKind.StateWrite, Name: "k" });
            await host.Dapr("test").SaveStateAsync("heads", "k", 1, cancellationToken: Token);
        }

        Assert.NotNull((await host.Calls.FirstAsync(c => c.Failure is not null, Token)).Failure);
    }

    [Fact]
    public async Task Partition_TwoApps_FailBetweenThemAndNowhereElse()
    {
        await using var host = await StartListenerAsync(new TestApp("other"));
        using var fromTest = host.InvokeClient("test", "listener");
        using var fromOther = host.InvokeClient("other", "listener");

        using (host.Faults.Partition("listener", "test"))
        {
            using var cut = await fromTest.GetAsync("ping", Token);
            using var whole = await fromOther.GetAsync("ping", Token);
            Assert.Equal((HttpStatusCode.InternalServerError, HttpStatusCode.OK), (cut.StatusCode, whole.StatusCode));
        }

        using var healed = await fromTest.GetAsync("ping", Token);
        Assert.Equal(HttpStatusCode.OK, healed.StatusCode);
    }

    [Fact]
    public async Task Isolate_AnApp_KeepsEverythingFromItAndItMayStillCall()
    {
        await using var host = await StartListenerAsync();
        using var client = host.InvokeClient("test", "listener");
        using (host.Faults.Isolate("listener"))
        {
            using var cut = await client.GetAsync("ping", Token);
            Assert.Equal(HttpStatusCode.InternalServerError, cut.StatusCode);
            await host.Dapr("listener").SaveStateAsync("heads", "k", 1, cancellationToken: Token);
        }

        using var healed = await client.GetAsync("ping", Token);
        Assert.Equal(HttpStatusCode.OK, healed.StatusCode);
    }

    [Fact]
    public async Task Calls_OfEveryKind_NameWhoWhatAndWhere()
    {
        await using var host = await StartListenerAsync();
        using var client = host.InvokeClient("test", "listener");
        using var ping = await client.GetAsync("ping", Token);
        await host.Dapr("test").DeleteStateAsync("heads", "a/b", cancellationToken: Token);
        await host.Dapr("test").PublishEventAsync("events", "news", 5, Token);
        await host.Calls.FirstAsync(c => c.Kind == CallKind.Delivery, Token);

        Assert.Equal(
            [
                (CallKind.Invocation, "test", "listener", "GET /ping", 200),
                (CallKind.StateDelete, "test", "heads", "a/b", (int?)null),
                (CallKind.Publish, "test", "events", "news", null),
                (CallKind.Delivery, "events", "listener", "news", 200),
            ],
            host.Calls.All.OrderBy(c => c.Kind switch { CallKind.Invocation => 0, CallKind.StateDelete => 1, CallKind.Publish => 2, _ => 3 }).Select(c => (c.Kind, c.From, c.To, c.Name, c.Status)));
    }

    [Fact]
    public async Task Clear_CallsAndFaults_BeginAnew()
    {
        await using var host = await DaprTestHost.StartAsync(new() { Apps = [new TestApp("test")] }, Token);
        host.Faults.Fail(_ => true);
        await Assert.ThrowsAsync<DaprException>(() => host.Dapr("test").SaveStateAsync("heads", "k", 1, cancellationToken: Token));

        host.Faults.Clear();
        host.Calls.Clear();
        await host.Dapr("test").SaveStateAsync("heads", "k", 1, cancellationToken: Token);

        Assert.Null(Assert.Single(host.Calls.All).Failure);
    }

    private static Task<DaprTestHost> StartListenerAsync(params TestApp[] more) => DaprTestHost.StartAsync(new() { Apps = [new("listener", Listener), new("test"), .. more] }, Token);

    private static WebApplication Listener(WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<Heard>();
        var app = builder.Build();
        app.UseCloudEvents();
        app.MapSubscribeHandler();
        app.MapGet("/ping", () => "pong");
        app.MapPost("/news", [Topic("events", "news")] async (HttpRequest request, Heard heard) => heard.Add((await request.ReadFromJsonAsync<object>())?.ToString()));
        return app;
    }
}
