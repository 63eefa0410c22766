using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.LoadTests.Engines;

/// <summary>The app behind both sidecars, a process of its own: echoes what it is sent, also as an actor, and counts the messages that are delivered.</summary>
internal static class TargetApp
{
    public const string Command = "target-app";

    public static async Task<int> RunAsync(string port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseUrls($"http://127.0.0.1:{port}");
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        var delivered = 0L;
        app.UseRouting();
        app.MapGet("/dapr/subscribe", context => context.Response.WriteAsJsonAsync(new[] { new { pubsubname = "events", topic = "orders", route = "/deliver" } }));
        app.MapGet("/dapr/config", context => context.Response.WriteAsJsonAsync(new { entities = new[] { "bench" } }));
        app.MapGet("/delivered", context => context.Response.WriteAsync(Interlocked.Read(ref delivered).ToString(CultureInfo.InvariantCulture)));
        app.MapPost("/deliver", context =>
        {
            Interlocked.Increment(ref delivered);
            return Task.CompletedTask;
        });
        app.MapPost("/echo", EchoAsync);
        app.MapPut("/actors/bench/{id}/method/echo", EchoAsync);
        app.MapDelete("/actors/bench/{id}", _ => Task.CompletedTask);
        await app.StartAsync();
        await Console.In.ReadToEndAsync();
        await app.StopAsync();
        return 0;
    }

    private static async Task EchoAsync(HttpContext context)
    {
        context.Response.ContentLength = context.Request.ContentLength;
        context.Response.ContentType = context.Request.ContentType;
        await context.Request.Body.CopyToAsync(context.Response.Body);
    }

    public static Process Start(int port) => Process.Start(new ProcessStartInfo("dotnet", [typeof(TargetApp).Assembly.Location, Command, port.ToString(CultureInfo.InvariantCulture)])
    {
        RedirectStandardInput = true,
    })!;
}
