using Dapr;
using Dapr.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace EdgeMesh.Testing.Tests;

/// <summary>A small app that handles a topic, keeps state and answers calls.</summary>
internal static class StockApp
{
    public static WebApplication Create(WebApplicationBuilder builder)
    {
        builder.AddEdgeMesh("stock");
        builder.Services.AddSingleton<Handled>();
        var app = builder.Build();
        app.MapEdgeMesh();
        app.UseCloudEvents();
        app.MapSubscribeHandler();
        app.MapGet("/left/{item}", (string item, DaprClient dapr) => LeftAsync(dapr, item));
        app.MapPost("/orders", [Topic("events", "orders")] async (StockOrder order, DaprClient dapr, Handled handled) =>
        {
            await dapr.SaveStateAsync("heads", order.Item, await LeftAsync(dapr, order.Item) - order.Count);
            handled.Add();
        });
        return app;
    }

    private static async Task<int> LeftAsync(DaprClient dapr, string item) => await dapr.GetStateAsync<int?>("heads", item) ?? 10;
}

internal sealed record StockOrder(string Item, int Count);

/// <summary>Lets a test wait until an event was handled.</summary>
internal sealed class Handled
{
    private readonly TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Add() => _first.TrySetResult();

    public Task FirstAsync(CancellationToken cancellation) => _first.Task.WaitAsync(TimeSpan.FromSeconds(10), cancellation);
}
