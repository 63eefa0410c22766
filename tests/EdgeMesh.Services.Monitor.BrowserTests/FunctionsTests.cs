using System.Net;
using System.Net.Http.Headers;
using System.Text;
using EdgeMesh.Functions;
using EdgeMesh.Functions.Tests;
using EdgeMesh.Services.Functions;
using EdgeMesh.Testing;
using Microsoft.Playwright;

namespace EdgeMesh.Services.Monitor.BrowserTests;

/// <summary>What runs, how far it is, and what it costs: with the real functions service behind the console.</summary>
[Trait("Category", "Engines")]
public sealed class FunctionsTests(Chromium chromium, FunctionsConsole functions) : IClassFixture<FunctionsConsole>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Functions_ThatRun_AreShownWithTheirFailuresAndLeadToTheirVersions(bool isPhone)
    {
        await using var window = await chromium.OpenAsync(functions.Site, role: "operator", isPhone: isPhone, path: "/console/functions");
        var rows = window.Page.Locator("tbody tr");
        await Assertions.Expect(rows).ToHaveCountAsync(2);
        await Assertions.Expect(rows.Filter(new() { HasText = "blab" }).Locator(".state.bad")).ToHaveTextAsync("1");
        await Assertions.Expect(rows.Filter(new() { HasText = "greeter" })).ToContainTextAsync("POST /run");
        Assert.True(await window.FitsAsync());

        await window.TabToAsync(window.Page.GetByRole(AriaRole.Link, new() { Name = "greeter" }));
        await window.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(window.Page.Locator("h1")).ToContainTextAsync("1.1.0");

        await Assertions.Expect(window.Page.Locator("table", new() { HasText = "How far each site is" }).Locator("tbody tr")).ToContainTextAsync(ConsoleSite.Name);
        await Assertions.Expect(window.Page.Locator("table", new() { HasText = "Versions that are kept" }).Locator("tbody tr")).ToHaveCountAsync(2);
        Assert.True(await window.FitsAsync());
    }

    [Fact]
    public async Task Functions_WhoseFiguresCantBeRead_SayWhatIsMissing()
    {
        await using var window = await chromium.OpenAsync(functions.Site, role: "operator", path: "/console/functions");
        await Assertions.Expect(window.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("What is shown of blab is not all");

        await window.Page.GetByRole(AriaRole.Link, new() { Name = "blab" }).ClickAsync();
        await Assertions.Expect(window.Page.GetByRole(AriaRole.Alert)).ToContainTextAsync("functions/usage/blab");

        await window.GoAsync("functions/greeter");
        await Assertions.Expect(window.Page.GetByRole(AriaRole.Alert)).ToHaveCountAsync(0);
    }
}

/// <summary>A site where <c>greeter</c> runs in its second version, and <c>blab</c> fails and has figures that cannot be read.</summary>
public sealed class FunctionsConsole : IAsyncLifetime
{
    internal ConsoleSite Site { get; private set; } = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Site = await ConsoleSite.StartAsync(besides: [new TestApp(FunctionsApp.AppId, FunctionsApp.Create)]);
        await DeployAllAsync(Site);
    }

    public ValueTask DisposeAsync() => Site.DisposeAsync();

    internal static async Task DeployAllAsync(ConsoleSite site)
    {
        await site.Host.Dapr(FunctionsApp.AppId).SaveByteStateAsync("heads", $"{ConsoleSite.Name}/functions/usage/blab", "of a later version"u8.ToArray(), cancellationToken: Cancellation);
        using var client = site.NewClient("admin");
        await DeployAsync(client, "greeter", "1.0.0", 1, Wat.Echo);
        await DeployAsync(client, "greeter", "1.1.0", 2, Wat.Echo);
        await DeployAsync(client, "blab", "1.0.0", 1, Wat.Command("unreachable"));
        Assert.Equal(HttpStatusCode.OK, await CallAsync(client, "greeter"));
        Assert.True(await CallAsync(client, "blab") >= HttpStatusCode.InternalServerError);
    }

    private static async Task DeployAsync(HttpClient client, string name, string version, long generation, byte[] module)
    {
        var manifest = $"name: {name}\nversion: {version}\nmodule: m.wasm\ntriggers:\n  - http: {{ method: POST, path: /run, open: true }}\n";
        var built = await FunctionBundle.BuildAsync("function.yaml", manifest, module, ConsoleSite.Deployer);
        Assert.Empty(built.Faults);
        await PutAsync(client, $"/deployments/{name}/bundle", BundleFile.Write(built.Bundle!));
        await PutAsync(client, $"/deployments/{name}", Encoding.UTF8.GetBytes(Deployment.Sign(name, generation, built.Bundle!.Digest, CanaryPlan.None, ConsoleSite.Deployer).Text));
        for (var looks = 0; !(await client.GetStringAsync($"/deployments/{name}", Cancellation)).Contains($"\"version\":\"{version}\",\"generation\":{generation},", StringComparison.Ordinal); looks++)
        {
            Assert.True(looks < 1_500, $"{name} {version} does not run");
            await Task.Delay(20, Cancellation);
        }
    }

    private static async Task PutAsync(HttpClient client, string path, byte[] body)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/octet-stream") } };
        using var answer = await client.PutAsync(path, content, Cancellation);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }

    private static async Task<HttpStatusCode> CallAsync(HttpClient client, string function)
    {
        using var body = new StringContent("hello");
        using var answer = await client.PostAsync($"/functions/{function}/run", body, Cancellation);
        return answer.StatusCode;
    }
}
