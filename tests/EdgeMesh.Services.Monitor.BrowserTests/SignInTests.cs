using Microsoft.Playwright;

namespace EdgeMesh.Services.Monitor.BrowserTests;

[Trait("Category", "Engines")]
public sealed class SignInTests(Chromium chromium, SharedConsole shared) : IClassFixture<SharedConsole>
{
    [Fact]
    public async Task SignIn_LeadsBackToWhatWasAsked_AndSignOutEndsIt()
    {
        await using var window = await chromium.OpenAsync(shared.Site, path: "/console/traces?range=1h");
        Assert.EndsWith("/console/traces?range=1h", window.Page.Url, StringComparison.Ordinal);

        await window.Page.GetByText("ada", new() { Exact = true }).ClickAsync();
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await window.Page.GetByLabel("Your token").WaitForAsync();

        await window.Page.GotoAsync("/console/logs");
        Assert.Contains("/console/sign-in?next=", window.Page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SignIn_WithAnExpiredToken_SaysSo()
    {
        await using var window = await chromium.OpenAsync(shared.Site, role: null);
        await window.Page.GotoAsync("/console/");
        await window.Page.GetByLabel("Your token").FillAsync(shared.Site.Token("admin", TimeSpan.FromHours(-1)));
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();

        Assert.Contains("has expired", await window.Page.GetByRole(AriaRole.Alert).First.InnerTextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("operator", "logs", true)]
    [InlineData("operator", "consents", false)]
    [InlineData("auditor", "consents", true)]
    [InlineData("auditor", "logs", false)]
    [InlineData("practitioner", "functions", false)]
    [InlineData("patient", "consents", false)]
    public async Task Pages_AreShownToThoseWhomTheyAreFor(string role, string page, bool isShown)
    {
        await using var window = await chromium.OpenAsync(shared.Site, role: null);
        window.Expected.Add("403");
        await window.Page.GotoAsync("/console/" + page);
        await window.Page.GetByLabel("Your token").FillAsync(shared.Site.Token(role));
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await window.Page.Locator("main h1").First.WaitForAsync();

        Assert.Equal(isShown, await window.Page.GetByText("This page is not for you").CountAsync() == 0);
        Assert.Equal(isShown ? 1 : 0, await window.Page.Locator($"nav.side a[href='{page}']").CountAsync());
    }
}

/// <summary>One console for all tests of a class that only look at it.</summary>
public sealed class SharedConsole : IAsyncLifetime
{
    internal ConsoleSite Site { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Site = await ConsoleSite.StartAsync(sites: 40);
        await Screens.FillAsync(Site);
    }

    public ValueTask DisposeAsync() => Site.DisposeAsync();
}
