using Dapr;
using Dapr.Client;
using EdgeMesh.Samples.Orders;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddDaprClient();
var app = builder.Build();
app.UseCloudEvents();
app.MapSubscribeHandler();
app.MapPost("/orders", async (Order order, DaprClient dapr, CancellationToken cancellation) =>
{
    await dapr.SaveStateAsync("heads", order.Id, order, cancellationToken: cancellation);
    await dapr.PublishEventAsync("events", "placed", order, cancellation);
    return Results.Created($"/orders/{order.Id}", order);
});
app.MapGet("/orders/{id}", async (string id, DaprClient dapr, CancellationToken cancellation) =>
    await dapr.GetStateAsync<Order?>("heads", id, cancellationToken: cancellation) is { } order ? Results.Ok(order) : Results.NotFound());
app.MapPost("/shipped", [Topic("events", "shipped")] async (Shipment shipment, DaprClient dapr, CancellationToken cancellation) =>
{
    // A message may come twice: a shipment counts by its number.
    var order = await dapr.GetStateAsync<Order>("heads", shipment.OrderId, cancellationToken: cancellation);
    await dapr.SaveStateAsync("heads", order.Id, order with { Shipments = [.. order.Shipments.Append(shipment.Number).Distinct()] }, cancellationToken: cancellation);
});
await app.RunAsync();
