using EdgeMesh.Services.Monitor.Alerting;
using EdgeMesh.Services.Monitor.Alerting.Rules;
using EdgeMesh.Services.Monitor.Fleet;
using Microsoft.Playwright;

namespace EdgeMesh.Services.Monitor.BrowserTests;

[Trait("Category", "Engines")]
public sealed class FleetTests(Chromium chromium)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task FirstLook_AtFortySites_NamesTheFailingOne_AndPutsItFirst(bool isPhone)
    {
        await using var site = await ConsoleSite.StartAsync(sites: 40);
        Fleet.Tell(site);
        await using var window = await chromium.OpenAsync(site, role: "operator", isPhone: isPhone);

        await Assertions.Expect(window.Page.Locator(".verdict li").First).ToContainTextAsync("clinic-17: offline for 23 min");
        await Assertions.Expect(window.Page.Locator(".verdict li").First).ToBeInViewportAsync();
        await Assertions.Expect(window.Page.Locator(".map a")).ToHaveCountAsync(40);
        await Assertions.Expect(window.Page.Locator(".map a").First).ToContainTextAsync("clinic-17");
        await Assertions.Expect(window.Page.Locator("tbody tr").First).ToContainTextAsync("Offline");
        Assert.True(await window.FitsAsync());

        await window.Page.Locator(".map a").First.ClickAsync();
        await Assertions.Expect(window.Page.Locator("h1")).ToContainTextAsync("clinic-17");
        await Assertions.Expect(window.Page.Locator("main")).ToContainTextAsync("1,204 records");
        Assert.True(await window.FitsAsync());
    }

    [Fact]
    public async Task SitePage_ShowsWhatTheSitesOwnRulesFound_Harmlessly()
    {
        await using var site = await ConsoleSite.StartAsync();
        var alert = new SiteAlert("disk-low", Severity.Critical, "records", "<b>full</b>", TimeProvider.System.GetUtcNow() - TimeSpan.FromMinutes(8));
        Fleet.Tell(site, 1, Fleet.Fine("clinic-08") with { Firing = 3, Alerts = [alert] });
        await using var window = await chromium.OpenAsync(site, role: "operator");
        await Assertions.Expect(window.Page.Locator(".verdict")).ToContainTextAsync("3 alerts of its own");

        await window.GoAsync("sites/clinic-08");

        await Assertions.Expect(window.Page.Locator("[data-own-alerts] li")).ToContainTextAsync("<b>full</b>");
        await Assertions.Expect(window.Page.Locator("main")).ToContainTextAsync("and 2 more");
    }

    [Fact]
    public async Task States_AreToldApartWithoutColour()
    {
        await using var site = await ConsoleSite.StartAsync(sites: 40);
        Fleet.Tell(site);
        await using var window = await chromium.OpenAsync(site, role: "operator");
        var shapes = new List<string>();
        foreach (var state in new[] { "Live", "Stale", "Offline", "Unseen" })
        {
            var cell = window.Page.Locator("td .state", new() { HasText = state }).First;
            shapes.Add((await cell.Locator("path").GetAttributeAsync("d"))!);
        }

        Assert.Equal(4, shapes.Distinct().Count());
    }

    [Fact]
    public async Task News_AreShown_WithoutLoadingThePage()
    {
        await using var site = await ConsoleSite.StartAsync(sites: 40);
        Fleet.Tell(site);
        await using var window = await chromium.OpenAsync(site, role: "operator");
        // The live connection is there once an age has gone on.
        await window.Page.WaitForFunctionAsync("""
            () => {
              const seen = [...document.querySelectorAll('tbody tr')].find(r => r.textContent.includes('clinic-01')).children[2].textContent;
              window.__before ??= seen;
              return seen !== window.__before;
            }
            """);

        await window.Page.EvaluateAsync("""
            () => new Promise(ready => {
              const first = document.querySelector('.map li');
              window.__seen = null;
              new MutationObserver(() => { if (document.querySelector('.map li').textContent.includes('clinic-05') && !window.__seen) window.__seen = Date.now(); })
                .observe(document.querySelector('.map'), { childList: true, subtree: true, characterData: true });
              ready();
            })
            """);
        var told = TimeProvider.System.GetUtcNow();
        Fleet.Tell(site, 2, Fleet.Fine("clinic-05") with { Liveness = Liveness.Offline, Since = told - TimeSpan.FromHours(9), LastSeen = told - TimeSpan.FromHours(9), Disk = new DiskRoom(1, 100) });

        await window.Page.WaitForFunctionAsync("() => window.__seen");
        var took = DateTimeOffset.FromUnixTimeMilliseconds(await window.Page.EvaluateAsync<long>("() => window.__seen")) - told;
        TestContext.Current.SendDiagnosticMessage("shown after {0} ms", (int)took.TotalMilliseconds);
        // On a machine with much else to do; ConsoleFigures asks for one second.
        Assert.InRange(took.TotalSeconds, 0, 5);
        await Assertions.Expect(window.Page.Locator(".verdict li").First).ToContainTextAsync("clinic-05");
    }

    [Fact]
    public async Task Services_ThatAreNotReady_StandFirst_AndSayWhatTheyWaitFor()
    {
        await using var site = await ConsoleSite.StartAsync(sites: 40);
        Fleet.Tell(site);
        await using var window = await chromium.OpenAsync(site, role: "auditor", path: "/console/services");

        await Assertions.Expect(window.Page.Locator("tbody tr").First).ToContainTextAsync("clinic-04");
        await Assertions.Expect(window.Page.Locator("tbody tr").First).ToContainTextAsync("no space left on device");
    }
}
