using EdgeMesh.Services.Monitor.Alerting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;

namespace EdgeMesh.Services.Monitor.BrowserTests;

/// <summary>Each page's main act without a mouse. Those of functions, the ledger and consents are with the services that they ask.</summary>
[Collection(FrameCollection.Name)]
[Trait("Category", "Engines")]
public sealed class KeyboardTests(Chromium chromium, SharedConsole shared)
{
    /// <summary>Remembers what gets the focus. Of many rows of one kind two are as good as all.</summary>
    private const string Watch = """
        isFirst => {
          for (const row of document.querySelectorAll('main :is(tbody tr, .map li, .spans li, .charts .card):nth-child(n+3)')) row.hidden = true;
          if (!isFirst) document.getElementById('main').focus();
          window.__stops = new Map();
          document.addEventListener('focusin', event => window.__stops.set(event.target, (SEEN)(event.target)));
          window.__missed = () => [...document.querySelectorAll(':is(SCOPE) :is(a[href], button, input:not([type=hidden]), select, textarea, summary)'.replace('SCOPE', isFirst ? 'body' : 'main'))]
            .filter(e => e.tabIndex >= 0 && !e.disabled && e.checkVisibility({ visibilityProperty: true }) && !window.__stops.has(e)).map(e => e.outerHTML.slice(0, 120));
          window.__unseen = () => [...window.__stops].filter(([e, isSeen]) => !isSeen).map(([e]) => e.outerHTML.slice(0, 120));
        }
        """;

    /// <summary>Thousands of lines would be thousands of stops of one kind.</summary>
    private static IEnumerable<string> Pages => FrameTests.Pages.Select(p => p == "logs" ? "logs?q=nowhere-to-be-found" : p);

    [Fact]
    public async Task Tab_OnEveryPage_ReachesWhateverCanBeUsed_ShowsWhereOneIs_AndIsHeldNowhere()
    {
        const int most = 200;
        await using var window = await chromium.OpenAsync(shared.Site);
        window.Expected.Add("404");
        foreach (var page in Pages)
        {
            await window.GoAsync(page);
            await window.Page.EvaluateAsync(Watch.Replace("SEEN", Window.FocusIsSeen, StringComparison.Ordinal), page.Length == 0);
            var missed = await MissedAsync(window);
            for (var stops = 0; missed.Length > 0 && stops < most; stops++)
            {
                await window.Page.Keyboard.PressAsync("Tab");
                missed = stops % 8 == 7 ? await MissedAsync(window) : missed;
            }

            Assert.True(missed.Length == 0, $"'{page}': Tab does not reach {string.Join('\n', missed)}");
            var unseen = await window.Page.EvaluateAsync<string[]>("() => window.__unseen()");
            Assert.True(unseen.Length == 0, $"'{page}': nobody sees the focus on {string.Join('\n', unseen)}");
        }
    }

    [Fact]
    public async Task TheFirstTab_LeadsToTheSkipLink_WhichLeadsToThePage()
    {
        await using var window = await chromium.OpenAsync(shared.Site, path: "/console/ledger");
        await window.GoAsync("traces");
        await window.Page.Keyboard.PressAsync("Tab");
        Assert.Equal("Skip to the page", await window.Page.EvaluateAsync<string>("() => document.activeElement.textContent"));

        await window.Page.Keyboard.PressAsync("Enter");
        await window.Page.WaitForFunctionAsync("() => document.activeElement === document.getElementById('main')");
        await window.Page.Keyboard.PressAsync("Tab");
        Assert.True(await window.Page.EvaluateAsync<bool>("() => document.querySelector('main').contains(document.activeElement)"));
        Assert.NotEqual("none", await window.Page.EvaluateAsync<string>("() => getComputedStyle(document.activeElement).outlineStyle"));
    }

    [Fact]
    public async Task Letters_GoToPages_FindTheSearch_AndExplainThemselves()
    {
        await using var window = await chromium.OpenAsync(shared.Site, path: "/console/functions");
        await window.Page.Keyboard.PressAsync("g");
        await window.Page.Keyboard.PressAsync("l");
        await window.Page.Locator("h1", new() { HasText = "Logs" }).WaitForAsync();

        await window.Page.Keyboard.PressAsync("/");
        Assert.Equal("q", await window.Page.EvaluateAsync<string>("() => document.activeElement.name"));
        await window.Page.Keyboard.PressAsync("Escape");

        await window.Page.Keyboard.PressAsync("?");
        await Assertions.Expect(window.Page.Locator("dialog#keys")).ToBeVisibleAsync();
        await window.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(window.Page.Locator("dialog#keys")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task SignIn_ThenTheFailingSite_ThenItsLogs()
    {
        await using var window = await chromium.OpenAsync(shared.Site, role: null);
        await window.Page.GotoAsync("/console/");
        // The field has the focus from the start.
        await window.Page.Keyboard.InsertTextAsync(shared.Site.Token("operator"));
        await window.Page.Keyboard.PressAsync("Tab");
        await window.Page.Keyboard.PressAsync("Enter");

        await EnterAsync(window, window.Page.Locator(".verdict li a").First);
        await Assertions.Expect(window.Page.Locator("h1")).ToContainTextAsync("clinic-17");
        await EnterAsync(window, window.Page.Locator("main").GetByRole(AriaRole.Link, new() { Name = "Logs" }));
        await Assertions.Expect(window.Page.Locator("select[name=site]")).ToHaveValueAsync("clinic-17");

        await EnterAsync(window, window.Page.Locator("details.who summary"));
        await window.Page.Keyboard.PressAsync("Tab");
        await window.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(window.Page.Locator("details.who summary")).ToBeFocusedAsync();
        await Assertions.Expect(window.Page.GetByRole(AriaRole.Button, new() { Name = "Sign out" })).ToBeHiddenAsync();
    }

    [Fact]
    public async Task Silence_IsAskedFor_LeftAgain_AndGiven()
    {
        var book = shared.Site.Host.Services(MonitorApp.AppId).GetRequiredService<AlertBook>();
        await using var window = await chromium.OpenAsync(shared.Site, role: "operator", path: "/console/alerts");
        var (open, why) = (window.Page.Locator("article.alert").First.GetByRole(AriaRole.Button, new() { Name = "Silence" }), window.Page.GetByLabel("Why"));
        await window.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        await EnterAsync(window, open);
        await Assertions.Expect(why).ToBeFocusedAsync();
        await window.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(why).ToHaveCountAsync(0);
        await Assertions.Expect(open).ToBeFocusedAsync();

        await window.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(why).ToBeFocusedAsync();
        await window.Page.Keyboard.TypeAsync("works");
        await window.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(window.Page.GetByText("silenced until").First).ToBeVisibleAsync();
        Assert.Equal("works", Assert.Single(book.Silences).Why);

        await EnterAsync(window, window.Page.GetByRole(AriaRole.Button, new() { Name = "End it" }));
        await Assertions.Expect(window.Page.GetByText("silenced until")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Services_AreNarrowed_AndLeadToTheirSite()
    {
        await using var window = await chromium.OpenAsync(shared.Site, path: "/console/services");
        await window.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);
        await window.Page.Keyboard.PressAsync("/");
        await window.Page.Keyboard.TypeAsync("clinic-21");
        await Assertions.Expect(window.Page.Locator("tbody tr").First).ToContainTextAsync("clinic-21");

        await EnterAsync(window, window.Page.Locator("tbody a").First);
        await Assertions.Expect(window.Page.Locator("h1")).ToContainTextAsync("clinic-21");
    }

    [Fact]
    public async Task Logs_AreSearched_Followed_AndALineIsOpened()
    {
        await using var window = await chromium.OpenAsync(shared.Site, path: "/console/logs");
        await window.Page.Keyboard.PressAsync("/");
        await window.Page.Keyboard.TypeAsync("link http.response.status_code=503");
        await window.Page.Keyboard.PressAsync("Enter");
        await window.ArriveAsync("q=");
        await Assertions.Expect(window.Page.Locator(".histogram figcaption")).Not.ToContainTextAsync("counting");

        await EnterAsync(window, window.Page.GetByRole(AriaRole.Button, new() { Name = "Show live" }));
        await window.Page.Locator("[data-live][aria-pressed=true]").WaitForAsync();
        await window.Page.Keyboard.TypeAsync("jjjk");
        var line = window.Page.Locator(".line").Nth(1);
        await Assertions.Expect(line.Locator("summary")).ToBeFocusedAsync();
        await window.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(line.Locator(".fields")).ToContainTextAsync("503");
        await EnterAsync(window, line.GetByRole(AriaRole.Link, new() { Name = "The minute around it" }));
        await window.ArriveAsync("from=");
    }

    [Fact]
    public async Task Traces_WithErrors_AreFound_AndTheirFailedSpanIsOpened()
    {
        await using var window = await chromium.OpenAsync(shared.Site, path: "/console/traces");
        await window.TabToAsync(window.Page.GetByLabel("only with errors"));
        await window.Page.Keyboard.PressAsync("Space");
        await window.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(window.Page.Locator("tbody tr")).ToHaveCountAsync(5);
        await EnterAsync(window, window.Page.Locator("tbody a").First);

        await window.Page.Locator(".span.failed").WaitForAsync();
        await window.Page.Keyboard.TypeAsync("jjjjjjjjj");
        await Assertions.Expect(window.Page.Locator(".span.failed summary")).ToBeFocusedAsync();
        await window.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(window.Page.Locator(".span.failed .fields")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Metrics_AreFound_AndAChartLeadsToATrace()
    {
        await using var window = await chromium.OpenAsync(shared.Site, path: "/console/metrics");
        await window.Page.Keyboard.PressAsync("/");
        await window.Page.Keyboard.TypeAsync("request.duration");
        await window.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(window.Page.Locator(".charts .card")).ToHaveCountAsync(2);
        await EnterAsync(window, window.Page.Locator(".charts h2 a").First);

        await window.Page.Locator(".tall .plot").WaitForAsync();
        await EnterAsync(window, window.Page.Locator(".tall .plot a").First);
        await window.ArriveAsync("/console/traces/");
    }

    private static async Task EnterAsync(Window window, ILocator target)
    {
        await window.TabToAsync(target);
        await window.Page.Keyboard.PressAsync("Enter");
    }

    private static Task<string[]> MissedAsync(Window window) => window.Page.EvaluateAsync<string[]>("() => window.__missed()");
}
