using Microsoft.Playwright;

namespace EdgeMesh.Services.Monitor.BrowserTests;

[Trait("Category", "Engines")]
public sealed class TracesTests(Chromium chromium, SharedConsole shared) : IClassFixture<SharedConsole>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Trace_AcrossSites_IsFoundByItsErrors_AndShownAsAWaterfall(bool isPhone)
    {
        await using var window = await chromium.OpenAsync(shared.Site, isPhone: isPhone, path: "/console/traces");
        await window.Page.GetByLabel("only with errors").CheckAsync();
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
        await window.ArriveAsync("errors=true");
        await Assertions.Expect(window.Page.Locator("tbody tr")).ToHaveCountAsync(5);

        await window.Page.Locator("tbody tr a").First.ClickAsync();
        await Assertions.Expect(window.Page.Locator(".span")).ToHaveCountAsync(8);
        await Assertions.Expect(window.Page.Locator(".legend")).ToContainTextAsync("core");
        await Assertions.Expect(window.Page.Locator(".span.failed")).ToContainTextAsync("apply");

        await window.Page.Locator(".span.failed summary").ClickAsync();
        await Assertions.Expect(window.Page.Locator(".span.failed .fields")).ToContainTextAsync("/fhir/Patient");
        Assert.True(await window.FitsAsync());
    }

    [Fact]
    public async Task Search_ForAnId_LeadsToItsTrace()
    {
        await using var window = await chromium.OpenAsync(shared.Site, path: "/console/traces");
        await window.Page.Locator("input[name=q]").FillAsync(Telemetry.TraceId(5));
        await window.Page.Locator("input[name=q]").PressAsync("Enter");

        await window.ArriveAsync("/console/traces/" + Telemetry.TraceId(5));
        Assert.EndsWith("/console/traces/" + Telemetry.TraceId(5), window.Page.Url, StringComparison.Ordinal);
        await Assertions.Expect(window.Page.Locator(".span")).ToHaveCountAsync(8);
    }
}
