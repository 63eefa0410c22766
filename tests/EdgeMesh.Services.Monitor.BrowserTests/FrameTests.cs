using Microsoft.Playwright;

namespace EdgeMesh.Services.Monitor.BrowserTests;

/// <summary>What holds on every page.</summary>
[Collection(FrameCollection.Name)]
[Trait("Category", "Engines")]
public sealed class FrameTests(Chromium chromium, SharedConsole shared)
{
    internal static readonly string[] Pages = ["", "sites/clinic-17", "alerts", "services", "logs", "traces", $"traces/{Telemetry.TraceId(3)}", "metrics", "functions", "ledger", "consents", "nowhere"];

    /// <summary>In the dark; the tests of each page see a phone in the light.</summary>
    [Fact]
    public async Task Phone_EveryPage_FitsWithoutScrollingSideways()
    {
        await using var window = await chromium.OpenAsync(shared.Site, isPhone: true, isDark: true);
        window.Expected.Add("404");
        foreach (var page in Pages)
        {
            await window.GoAsync(page);
            Assert.True(await window.FitsAsync(), $"'{page}' is wider than a phone");
            Assert.True(await IsHereSeenAsync(window), $"'{page}' is not in sight among the pages");
        }

        await window.GoAsync("consents");
        await window.Page.Locator("nav.side a", new() { HasText = "Ledger" }).ClickAsync();
        await window.Page.Locator("h1", new() { HasText = "Ledger" }).WaitForAsync();
        Assert.True(await IsHereSeenAsync(window), "the page that was gone to is not in sight among the pages");
    }

    private static Task<bool> IsHereSeenAsync(Window window) => window.Page.EvaluateAsync<bool>(
        "() => { const here = document.querySelector('nav.side .active')?.getBoundingClientRect(); return !here || (here.left >= 0 && here.right <= innerWidth); }");

    [Fact]
    public async Task Theme_FollowsTheSystem_UntilSomebodySwitches_AndStaysSwitched()
    {
        await using var window = await chromium.OpenAsync(shared.Site, isDark: true, path: "/console/ledger");
        var dark = await BackgroundAsync(window);

        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Light or dark" }).ClickAsync();
        var light = await BackgroundAsync(window);
        await window.Page.Locator("nav.side a", new() { HasText = "Traces" }).ClickAsync();
        await window.Page.Locator("h1", new() { HasText = "Traces" }).WaitForAsync();
        var afterNavigation = await BackgroundAsync(window);
        await window.Page.ReloadAsync();

        Assert.NotEqual(dark, light);
        Assert.Equal((light, light), (afterNavigation, await BackgroundAsync(window)));
    }

    [Fact]
    public async Task EverythingComesFromThisDoor_AndThePolicyForbidsTheRest()
    {
        await using var window = await chromium.OpenAsync(shared.Site, path: "/console/ledger");
        var foreign = new List<string>();
        window.Page.Request += (_, request) =>
        {
            if (!new Uri(request.Url).IsBaseOf(shared.Site.Door) && !request.Url.StartsWith(shared.Site.Door.ToString(), StringComparison.Ordinal))
            {
                foreign.Add(request.Url);
            }
        };
        foreach (var page in new[] { "logs", "metrics" })
        {
            var answer = await window.Page.GotoAsync("/console/" + page);
            var policy = (await answer!.AllHeadersAsync())["content-security-policy"];
            Assert.Contains("default-src 'none'; script-src 'self'; style-src 'self'", policy, StringComparison.Ordinal);
            Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        }

        Assert.Empty(foreign);
    }

    private static Task<string> BackgroundAsync(Window window) => window.Page.EvaluateAsync<string>("() => getComputedStyle(document.body).backgroundColor");
}

/// <summary>Classes that look at every page of one console.</summary>
[CollectionDefinition(Name)]
public sealed class FrameCollection : ICollectionFixture<SharedConsole>
{
    public const string Name = "Frame";
}
