using Microsoft.Playwright;

namespace EdgeMesh.Services.Monitor.BrowserTests;

[Trait("Category", "Engines")]
public sealed class MetricsTests(Chromium chromium, SharedConsole shared) : IClassFixture<SharedConsole>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Exemplar_OfALatency_LeadsToItsTrace(bool isPhone)
    {
        await using var window = await chromium.OpenAsync(shared.Site, isPhone: isPhone, path: "/console/metrics?q=request.duration");
        await Assertions.Expect(window.Page.Locator(".charts .card")).ToHaveCountAsync(2);

        await window.Page.Locator(".charts h2 a").First.ClickAsync();
        await window.Page.Locator(".tall .plot").WaitForAsync();
        await window.Page.Locator(".plot a").First.FocusAsync();
        await window.Page.Keyboard.PressAsync("Enter");

        await window.Page.WaitForURLAsync(url => url.Contains("/console/traces/", StringComparison.Ordinal));
        await Assertions.Expect(window.Page.Locator(".span")).ToHaveCountAsync(8);
        Assert.True(await window.FitsAsync());
    }
}
