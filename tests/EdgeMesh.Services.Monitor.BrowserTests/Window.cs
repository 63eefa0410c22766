using Microsoft.Playwright;

namespace EdgeMesh.Services.Monitor.BrowserTests;

/// <summary>A browser's window. What a page reports as broken (an error of a script, something that its policy forbids) fails the test at the end.</summary>
internal sealed class Window : IAsyncDisposable
{
    /// <summary>Of an element that has the focus: whether it shows. What lies in a chart gets a stroke in place of an outline.</summary>
    public const string FocusIsSeen = "e => { const s = getComputedStyle(e), shape = e.closest('.plot') && e.querySelector('rect, path:not([d=\"\"])'); return shape ? getComputedStyle(shape).stroke !== 'none' : s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; }";

    private const int MostStops = 60;

    private readonly IBrowserContext _context;
    private readonly List<string> _broken = [];

    public Window(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.SetDefaultTimeout(60_000);
        page.PageError += (_, error) => Report(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && !Expected.Any(e => message.Text.Contains(e, StringComparison.Ordinal)))
            {
                Report(message.Text);
            }
        };
    }

    public IPage Page { get; }

    /// <summary>Parts of messages that this test provokes.</summary>
    public List<string> Expected { get; } = [];

    public async Task SignInAsync(string token, string path = "/console/")
    {
        await Page.GotoAsync(path);
        await Page.GetByLabel("Your token").FillAsync(token);
        await Page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        try
        {
            await Page.Locator("nav.side").WaitForAsync();
            await ArriveAsync("/console/");
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{Page.Url} shows:\n{await Page.Locator("body").InnerTextAsync()}\n{string.Join('\n', _broken)}");
        }
    }

    public async Task GoAsync(string path)
    {
        await Page.GotoAsync("/console/" + path);
        await Page.Locator("h1").First.WaitForAsync();
    }

    /// <summary>Waits for a page with this in its address, loaded. Asked of the page itself: an event of the one before it, or one that came before anybody waited, says nothing.</summary>
    public Task ArriveAsync(string address) => Page.WaitForFunctionAsync("address => location.href.includes(address) && document.readyState === 'complete'", address);

    /// <summary>Whether the page is no wider than the window.</summary>
    public async Task<bool> FitsAsync() => await Page.EvaluateAsync<bool>("() => document.documentElement.scrollWidth <= document.documentElement.clientWidth");

    /// <summary>Goes by Tab alone until an element has the focus, and that it has it can be seen.</summary>
    public async Task TabToAsync(ILocator target)
    {
        await target.WaitForAsync(new() { State = WaitForSelectorState.Attached });
        for (var stops = 0; !await target.EvaluateAsync<bool>("element => element === document.activeElement"); stops++)
        {
            Assert.True(stops < MostStops, $"{target} has no focus after {MostStops} stops; it is on {await Page.EvaluateAsync<string>("() => document.activeElement.outerHTML.slice(0, 200)")}");
            await Page.Keyboard.PressAsync("Tab");
        }

        await Page.WaitForFunctionAsync("() => { const at = document.activeElement.getBoundingClientRect(); return at.bottom > 0 && at.top < innerHeight; }");
        Assert.True(await target.EvaluateAsync<bool>(FocusIsSeen), $"nobody sees that {target} has the focus");
    }

    public async Task ShootAsync(string file) => await Page.ScreenshotAsync(new() { Path = file, FullPage = false });

    public async ValueTask DisposeAsync()
    {
        await _context.DisposeAsync();
        lock (_broken)
        {
            Assert.Empty(_broken);
        }
    }

    private void Report(string what)
    {
        lock (_broken)
        {
            _broken.Add(what);
        }
    }
}
