using System.Net.Http.Json;
using Dapr;
using Dapr.Client;
using EdgeMesh.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace EdgeMesh.Hosting.Tests;

public sealed class TenLineServiceTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ServiceOfTenLines_OnceStarted_IsCalledHearsEventsAndKeepsState()
    {
        await using var host = await DaprTestHost.StartAsync(new() { Site = "clinic-a", Apps = [new("greeter", Greeter), new("test")] }, Token);
        using var greeter = host.InvokeClient(from: "test", to: "greeter");

        await host.Dapr("test").PublishEventAsync("events", "names", "Ada", Token);
        var answer = "";
        for (var tries = 0; tries < 500 && answer != "Hello Ada from clinic-a"; tries++)
        {
            await Task.Delay(10, Token);
            answer = await greeter.GetStringAsync("hello", Token);
        }

        Assert.Equal("Hello Ada from clinic-a", answer);
    }

    [Fact]
    public async Task TwoServices_OneCallingTheOther_GoThroughTheirSidecars()
    {
        await using var host = await DaprTestHost.StartAsync(new() { Apps = [new("greeter", Greeter), new("porter", Porter), new("test")] }, Token);
        using var porter = host.InvokeClient(from: "test", to: "porter");

        Assert.Equal("The greeter says: Hello nobody from test-site", await porter.GetStringAsync("ask", Token));
    }

    // The ten lines: what a service's Create holds.
    private static WebApplication Greeter(WebApplicationBuilder builder)
    {
        builder.AddEdgeMesh("greeter");
        var app = builder.Build();
        app.MapEdgeMesh().UseCloudEvents();
        app.MapSubscribeHandler();
        app.MapPost("/names", [Topic("events", "names")] (DaprClient dapr, [Microsoft.AspNetCore.Mvc.FromBody] string name) => dapr.SaveStateAsync("heads", "name", name));
        app.MapGet("/hello", async (DaprClient dapr, SiteIdentity me) => $"Hello {await dapr.GetStateAsync<string>("heads", "name") ?? "nobody"} from {me.Site}");
        return app;
    }

    private static WebApplication Porter(WebApplicationBuilder builder)
    {
        builder.AddEdgeMesh("porter");
        var app = builder.Build();
        app.MapEdgeMesh();
        app.MapGet("/ask", async (AppClients apps) => $"The greeter says: {await apps.Get("greeter").GetStringAsync("hello")}");
        return app;
    }
}
