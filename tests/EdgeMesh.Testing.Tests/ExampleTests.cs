using System.Net;
using System.Net.Http.Json;
using EdgeMesh.Samples.Orders;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Testing.Tests;

/// <summary>The five examples of the package's README, against the app of samples/Orders, which knows nothing of them.</summary>
public sealed class ExampleTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Order_Placed_IsSavedAndAnnounced()
    {
        await using var dapr = await DaprTestHost.StartAsync(new() { Apps = [TestApp.Attached("orders")] }, Token);
        await using var app = await StartOrdersAsync(dapr);
        using var client = app.CreateClient();

        using var answer = await client.PostAsJsonAsync("/orders", new Order("7", "bandage"), Token);

        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        var announced = Assert.Single(dapr.Calls.Of(CallKind.Publish));
        Assert.Equal(("orders", "events", "placed"), (announced.From, announced.To, announced.Name));
        Assert.Equal("bandage", announced.Json<Order>()!.Item);
        Assert.Equal("bandage", (await dapr.Dapr("orders").GetStateAsync<Order>("heads", "7", cancellationToken: Token)).Item);
    }

    [Fact]
    public async Task Shipment_AnnouncedByAnotherApp_ReachesTheOrder()
    {
        await using var dapr = await DaprTestHost.StartAsync(new() { Apps = [TestApp.Attached("orders"), new TestApp("warehouse")] }, Token);
        await using var app = await StartOrdersAsync(dapr);
        using var orders = dapr.InvokeClient(from: "warehouse", to: "orders");
        using var placed = await orders.PostAsJsonAsync("orders", new Order("7", "bandage"), Token);

        await dapr.Dapr("warehouse").PublishEventAsync("events", "shipped", new Shipment("7", "s-1"), Token);
        var delivered = await dapr.Calls.FirstAsync(c => c is { Kind: CallKind.Delivery, Name: "shipped" }, Token);

        Assert.Equal(200, delivered.Status);
        Assert.Equal(["s-1"], (await orders.GetFromJsonAsync<Order>("orders/7", Token))!.Shipments);
    }

    [Fact]
    public async Task Shipment_DeliveredTwice_CountsOnce()
    {
        await using var dapr = await DaprTestHost.StartAsync(new() { Apps = [TestApp.Attached("orders")] }, Token);
        await using var app = await StartOrdersAsync(dapr);
        using var client = app.CreateClient();
        using var placed = await client.PostAsJsonAsync("/orders", new Order("7", "bandage"), Token);

        using var twice = dapr.Faults.Duplicate(c => c is { Kind: CallKind.Publish, Name: "shipped" });
        await dapr.Dapr("orders").PublishEventAsync("events", "shipped", new Shipment("7", "s-1"), Token);
        await dapr.Calls.TakeAsync(2, c => c is { Kind: CallKind.Delivery, Name: "shipped", Status: 200 }, Token);

        Assert.Equal(["s-1"], (await client.GetFromJsonAsync<Order>("/orders/7", Token))!.Shipments);
    }

    [Fact]
    public async Task Message_ThatTheAppCouldNotTake_ComesAgainWhenTheTestMovesTheClock()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        await using var dapr = await DaprTestHost.StartAsync(new() { Apps = [TestApp.Attached("orders")], Clock = clock }, Token);
        await using var app = await StartOrdersAsync(dapr);
        using var client = app.CreateClient();
        using var placed = await client.PostAsJsonAsync("/orders", new Order("7", "bandage"), Token);

        dapr.Faults.Fail(c => c.Kind == CallKind.Delivery, times: 1);
        await dapr.Dapr("orders").PublishEventAsync("events", "shipped", new Shipment("7", "s-1"), Token);
        await dapr.Calls.FirstAsync(c => c is { Kind: CallKind.Delivery, Failure: not null }, Token);
        Assert.Empty((await client.GetFromJsonAsync<Order>("/orders/7", Token))!.Shipments);

        var again = dapr.Calls.FirstAsync(c => c is { Kind: CallKind.Delivery, Status: 200 }, Token);
        while (!again.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.Equal(["s-1"], (await client.GetFromJsonAsync<Order>("/orders/7", Token))!.Shipments);
    }

    [Fact]
    public async Task Order_OfTheAppsOwnStore_OutlivesTheSidecar()
    {
        const string resources = """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: heads
            spec:
              type: state.sqlite
              version: v1
              metadata:
                - name: connectionString
                  value: orders.db
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: events
            spec:
              type: pubsub.in-memory
              version: v1
            """;
        await using var dapr = await DaprTestHost.StartAsync(new() { Apps = [TestApp.Attached("orders")], Resources = resources }, Token);
        await using var app = await StartOrdersAsync(dapr);
        using var client = app.CreateClient();
        using var placed = await client.PostAsJsonAsync("/orders", new Order("7", "bandage"), Token);

        await dapr.KillSidecarAsync();
        using var away = await client.GetAsync("/orders/7", Token);
        await dapr.StartSidecarAsync(Token);

        Assert.Equal(HttpStatusCode.InternalServerError, away.StatusCode);
        Assert.Equal("bandage", (await dapr.Dapr("orders").GetStateAsync<Order>("heads", "7", cancellationToken: Token)).Item);
    }

    private static async Task<WebApplicationFactory<Order>> StartOrdersAsync(DaprTestHost dapr)
    {
        var app = new WebApplicationFactory<Order>().WithWebHostBuilder(web => web.UseDapr(dapr, "orders").ConfigureLogging(l => l.ClearProviders()));
        await dapr.AttachAsync("orders", app.Server.CreateHandler(), Token);
        return app;
    }
}
