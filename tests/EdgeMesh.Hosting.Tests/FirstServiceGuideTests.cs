using System.Runtime.CompilerServices;
using Dapr.Client;
using EdgeMesh.Testing;
using Microsoft.AspNetCore.Builder;

namespace EdgeMesh.Hosting.Tests;

/// <summary>The program of docs/guides/first-service.md.</summary>
public sealed class FirstServiceGuideTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Program_OfTheGuide_AnswersThroughItsSidecarAndKeepsState()
    {
        await using var host = await DaprTestHost.StartAsync(new() { Site = "clinic-a", Apps = [new("greeter", Create), new("test")] }, Token);
        using var greeter = host.InvokeClient(from: "test", to: "greeter");

        Assert.Equal("clinic-a greets ada", await greeter.GetStringAsync("greet/ada", Token));
        Assert.Equal("ada", await host.Dapr("greeter").GetStateAsync<string>("bodies", "clinic-a/greeted/ada", cancellationToken: Token));
    }

    [Fact]
    public void Program_OfTheGuide_IsTheOneThatRunsHere()
    {
        var here = ThisFile();
        var guide = File.ReadAllText(Path.Combine(Path.GetDirectoryName(here)!, "../../docs/guides/first-service.md"));
        var program = guide.Split("```csharp")[1].Split("```")[0];
        var statements = program.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Where(l => !l.StartsWith("using", StringComparison.Ordinal) && !l.Contains("args", StringComparison.Ordinal) && !l.Contains("RunAsync", StringComparison.Ordinal)).ToArray();

        Assert.Equal(8, statements.Length);
        Assert.Contains(string.Join('\n', statements), string.Join('\n', File.ReadAllLines(here).Select(l => l.Trim())), StringComparison.Ordinal);
    }

    private static WebApplication Create(WebApplicationBuilder builder)
    {
        builder.AddEdgeMesh("greeter");
        var app = builder.Build();
        app.MapEdgeMesh();
        app.MapGet("/greet/{name}", async (string name, DaprClient dapr, SiteIdentity me, CancellationToken cancellation) =>
        {
            await dapr.SaveStateAsync("bodies", $"{me.Site}/greeted/{name}", name, cancellationToken: cancellation);
            return $"{me.Site} greets {name}";
        });
        return app;
    }

    private static string ThisFile([CallerFilePath] string path = "") => path;
}
