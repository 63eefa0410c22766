using System.Collections.Immutable;
using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Alerting.Conditions;
using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Store;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;

namespace EdgeMesh.Services.Monitor.BrowserTests;

[Trait("Category", "Engines")]
public sealed class AlertsTests(Chromium chromium)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Silence_WithAReason_HoldsAndNamesWhoAsked_AndCanBeEnded(bool isPhone)
    {
        await using var site = await ConsoleSite.StartAsync();
        await Fleet.AlertAsync(site);
        var book = site.Host.Services(MonitorApp.AppId).GetRequiredService<AlertBook>();
        await using var window = await chromium.OpenAsync(site, role: "operator", isPhone: isPhone, path: "/console/alerts");
        var alert = window.Page.Locator("article.alert").First;
        await Assertions.Expect(alert).ToContainTextAsync("clinic-17");
        await Assertions.Expect(alert).ToContainTextAsync("silent for 23 minutes");

        await OpenSilenceAsync(window);
        await window.Page.GetByLabel("Why").FillAsync("the provider digs up the street");
        await window.Page.Locator("form.silence").GetByRole(AriaRole.Button, new() { Name = "Silence" }).ClickAsync();

        await Assertions.Expect(window.Page.GetByText("silenced until").First).ToBeVisibleAsync();
        var silence = Assert.Single(book.Silences);
        Assert.Equal(("site-offline", "clinic-17", "ada", "the provider digs up the street"), (silence.Rule, silence.Site, silence.By, silence.Why));
        Assert.Equal(4, (silence.Until - silence.From).TotalHours);
        Assert.True(await window.FitsAsync());

        await window.Page.GetByRole(AriaRole.Button, new() { Name = "End it" }).ClickAsync();
        await Assertions.Expect(window.Page.GetByText("silenced until")).ToHaveCountAsync(0);
        Assert.Empty(book.Silences);
    }

    [Fact]
    public async Task Look_AtAnAlertOfLogLines_LeadsToThoseThatWereCounted()
    {
        await using var site = await ConsoleSite.StartAsync();
        var now = TimeProvider.System.GetUtcNow();
        var counted = Telemetry.Line(now.AddSeconds(-50), "says \"no\"  status=500", LogLevel.Error, fields: ("http.route", "/fhir/Patient"));
        await site.AddAsync(new TelemetryBatch
        {
            Logs = [counted, counted with { Time = now.AddSeconds(-40) }, counted with { Time = now.AddSeconds(-30), Fields = new Dictionary<string, string>() }, counted with { Time = now.AddSeconds(-20), Message = "says \"no\" status=500" }],
        });
        var rule = new AlertRule
        {
            Name = "refusals", Severity = Severity.Critical, Summary = "{observed}",
            Condition = new LogCondition(null, LogLevel.Error, "says \"no\"  status=500", ImmutableSortedDictionary<string, string>.Empty.Add("http.route", "/fhir/Patient"), 1, TimeSpan.FromMinutes(5)),
        };
        var found = new LogFindings(site.Store, ConsoleSite.Name).Of(rule, (LogCondition)rule.Condition, now);
        await site.Host.Services(MonitorApp.AppId).GetRequiredService<AlertBook>().TakeAsync(new Evaluation([.. found], []), TestContext.Current.CancellationToken);
        await using var window = await chromium.OpenAsync(site, role: "operator", path: "/console/alerts");
        await Assertions.Expect(window.Page.Locator("article.alert")).ToContainTextAsync("2 lines in 5m");

        await window.Page.GetByRole(AriaRole.Link, new() { Name = "Look" }).ClickAsync();

        await Assertions.Expect(window.Page.Locator("h1")).ToHaveTextAsync("Logs");
        await Assertions.Expect(window.Page.Locator(".line")).ToHaveCountAsync(2);
        await Assertions.Expect(window.Page.Locator("input[name=q]")).ToHaveValueAsync("\"says \\\"no\\\"  status=500\" http.route=/fhir/Patient");
    }

    [Fact]
    public async Task Auditors_SeeAlerts_AndSilenceNone()
    {
        await using var site = await ConsoleSite.StartAsync();
        await Fleet.AlertAsync(site);
        await using var window = await chromium.OpenAsync(site, role: "auditor", path: "/console/alerts");

        await Assertions.Expect(window.Page.Locator("article.alert")).ToHaveCountAsync(2);
        await Assertions.Expect(window.Page.Locator("article.alert").Nth(1)).ToContainTextAsync("clinic-08");
        await Assertions.Expect(window.Page.GetByRole(AriaRole.Button, new() { Name = "Silence" })).ToHaveCountAsync(0);
    }

    /// <summary>Opens the form at the first alert. A click that comes before the live connection does nothing.</summary>
    internal static async Task OpenSilenceAsync(Window window)
    {
        for (var tries = 0; tries < 20 && !await window.Page.GetByLabel("Why").IsVisibleAsync(); tries++)
        {
            await window.Page.Locator("article.alert").First.GetByRole(AriaRole.Button, new() { Name = "Silence" }).ClickAsync();
            await Task.WhenAny(window.Page.GetByLabel("Why").WaitForAsync(new() { Timeout = 2_000 }));
        }
    }
}
