using EdgeMesh.Services.Monitor.Store;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;

namespace EdgeMesh.Services.Monitor.BrowserTests;

[Trait("Category", "Engines")]
public sealed class LogsTests(Chromium chromium)
{
    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Search_ByWordsAndFields_FindsTheLine_AndOpensIt(bool isPhone)
    {
        await using var site = await ConsoleSite.StartAsync();
        await site.AddAsync(new TelemetryBatch
        {
            Logs =
            [
                Telemetry.Line(Now.AddMinutes(-3), "Answered a read", fields: ("http.route", "/fhir/Patient")),
                Telemetry.Line(Now.AddMinutes(-2), "Answered a search", fields: ("http.route", "/fhir/Observation")),
                Telemetry.Line(Now.AddMinutes(-1), "The disk is full", LogLevel.Error, "ledger", Telemetry.TraceId(9), ("path", "/data/x y")),
            ],
        });
        await using var window = await chromium.OpenAsync(site, isPhone: isPhone, path: "/console/logs");
        var lines = window.Page.Locator(".line");
        await Assertions.Expect(lines).ToHaveCountAsync(3);
        await Assertions.Expect(lines.First).ToContainTextAsync("The disk is full");

        await SearchAsync(window, "answered http.route=/fhir/Patient");
        await Assertions.Expect(lines).ToHaveCountAsync(1);
        await Assertions.Expect(lines.First).ToContainTextAsync("Answered a read");

        await SearchAsync(window, "path=\"/data/x y\"");
        await Assertions.Expect(lines).ToHaveCountAsync(1);
        await Live(window);
        await lines.First.Locator("summary").ClickAsync();
        await Assertions.Expect(lines.First.GetByText("Its trace", new() { Exact = true })).ToHaveAttributeAsync("href", $"traces/{Telemetry.TraceId(9)}");
        await Assertions.Expect(lines.First.Locator(".fields")).ToContainTextAsync("/data/x y");
        Assert.True(await window.FitsAsync());
    }

    [Fact]
    public async Task Live_NewLines_Appear_CanBePaused_AndAreCountedMeanwhile()
    {
        await using var site = await ConsoleSite.StartAsync();
        await using var window = await chromium.OpenAsync(site, path: "/console/logs");
        await Live(window);
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Show live" }).ClickAsync();
        await window.Page.Locator("[data-live][aria-pressed=true]").WaitForAsync();

        await site.AddAsync(new TelemetryBatch { Logs = [Telemetry.Line(Now, "the first")] });
        await Assertions.Expect(window.Page.Locator(".line").First).ToContainTextAsync("the first");

        await window.Page.Keyboard.PressAsync("p");
        await window.Page.Locator("[data-pause][aria-pressed=true]").WaitForAsync();
        await site.AddAsync(new TelemetryBatch { Logs = [.. Enumerable.Range(0, 1000).Select(i => Telemetry.Line(Now, $"meanwhile {i}"))] });
        await Assertions.Expect(window.Page.Locator("[data-pause]")).ToContainTextAsync("Go on (1,000 new lines)");
        await Assertions.Expect(window.Page.Locator(".line").First).ToContainTextAsync("the first");

        await window.Page.Locator("[data-pause]").ClickAsync();
        await Assertions.Expect(window.Page.Locator(".line").First).ToContainTextAsync("meanwhile 999");
        await Assertions.Expect(window.Page.Locator(".line.marker")).ToContainTextAsync("401 lines skipped here");
    }

    [Fact]
    public async Task Scroll_ThroughManyLines_PageAfterPage_ThePageStaysSmall()
    {
        await using var site = await ConsoleSite.StartAsync();
        foreach (var chunk in Enumerable.Range(0, 20_000).Chunk(2000))
        {
            await site.AddAsync(new TelemetryBatch { Logs = [.. chunk.Select(i => Telemetry.Line(Now.AddHours(-2).AddMilliseconds(i), $"number {i}"))] });
        }

        await using var window = await chromium.OpenAsync(site, path: "/console/logs");
        await Live(window);
        await Assertions.Expect(window.Page.Locator(".histogram figcaption")).ToContainTextAsync("20,000 lines");
        await window.Page.EvaluateAsync("() => scrollTo(0, document.body.scrollHeight)");
        await Assertions.Expect(window.Page.Locator(".lines")).ToContainTextAsync("number 19850");
        for (var page = 0; page < 8; page++)
        {
            var before = await window.Page.Locator(".line .text").Last.InnerTextAsync();
            await window.Page.EvaluateAsync("async () => { const frame = () => new Promise(requestAnimationFrame); scrollTo(0, 0); await frame(); await frame(); scrollTo(0, document.body.scrollHeight); await frame(); }");
            await window.Page.WaitForFunctionAsync("before => [...document.querySelectorAll('.line .text')].at(-1)?.textContent !== before", before);
        }

        Assert.InRange(await window.Page.Locator(".line").CountAsync(), 500, 600);
        await window.Page.GetByRole(AriaRole.Button, new() { Name = "Back to the newest" }).ClickAsync();
        await Assertions.Expect(window.Page.Locator(".line").First).ToContainTextAsync("number 19999");
    }

    [Fact]
    public async Task MaliciousLines_AreShownHarmlessly()
    {
        await using var site = await ConsoleSite.StartAsync();
        const string markup = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script><a href='javascript:void(document.title=\"owned\")'>click</a>";
        await site.AddAsync(new TelemetryBatch
        {
            Logs =
            [
                Telemetry.Line(Now.AddSeconds(-4), markup, fields: (markup, markup)),
                Telemetry.Line(Now.AddSeconds(-3), "report\u202Egpj.exe \u001b[31mred\u0000", service: "<b>evil</b>"),
                Telemetry.Line(Now.AddSeconds(-2), "begins " + new string('x', 300_000) + " ends", fields: ("long", new string('y', 300_000))),
                Telemetry.Line(Now.AddSeconds(-1), "forged\n2026-01-01 00:00:00 CRIT core/records all is lost"),
            ],
        });
        await using var window = await chromium.OpenAsync(site, path: "/console/logs");
        await Live(window);
        var lines = window.Page.Locator(".line");
        await Assertions.Expect(lines).ToHaveCountAsync(4);

        for (var i = 0; i < 4; i++)
        {
            await lines.Nth(i).Locator("summary").ClickAsync();
            await lines.Nth(i).Locator(".more").WaitForAsync();
        }

        Assert.Equal(0, await window.Page.Locator(".lines img, .lines script, .lines b, .lines a[href^=javascript]").CountAsync());
        Assert.Equal("Logs", await window.Page.TitleAsync());
        await Assertions.Expect(lines.Nth(3).Locator(".text")).ToContainTextAsync("<script>document.title='owned'</script>");
        await Assertions.Expect(lines.Nth(2).Locator(".text")).ToContainTextAsync("report[U+202E]gpj.exe");
        Assert.True(await window.FitsAsync());
    }

    [Fact]
    public async Task Lines_OfAnotherDay_StandBelowItsDate()
    {
        await using var site = await ConsoleSite.StartAsync();
        var today = new DateTimeOffset(Now.UtcDateTime.Date, TimeSpan.Zero);
        await site.AddAsync(new TelemetryBatch { Logs = [Telemetry.Line(today.AddHours(-30), "long ago"), Telemetry.Line(today.AddHours(-2), "last night")] });
        await using var window = await chromium.OpenAsync(site, path: "/console/logs?range=7d");

        await Assertions.Expect(window.Page.Locator($".day:has-text('{today.AddDays(-1):yyyy-MM-dd}') + .line")).ToContainTextAsync("last night");
        await Assertions.Expect(window.Page.Locator($".day:has-text('{today.AddDays(-2):yyyy-MM-dd}') + .line")).ToContainTextAsync("long ago");
    }

    private static async Task SearchAsync(Window window, string text)
    {
        await window.Page.Locator("input[name=q]").FillAsync(text);
        await window.Page.Locator("input[name=q]").PressAsync("Enter");
        await window.ArriveAsync("q=");
        await Assertions.Expect(window.Page.Locator("input[name=q]")).ToHaveValueAsync(text);
    }

    /// <summary>Returns once the page's live connection is there: the counts come over it.</summary>
    private static Task Live(Window window) => Assertions.Expect(window.Page.Locator(".histogram figcaption")).Not.ToContainTextAsync("counting");
}
