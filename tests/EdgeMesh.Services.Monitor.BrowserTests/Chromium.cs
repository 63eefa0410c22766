using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(EdgeMesh.Services.Monitor.BrowserTests.Chromium))]

namespace EdgeMesh.Services.Monitor.BrowserTests;

/// <summary>Debian's Chromium, one for all tests; each opens windows of its own, which share nothing.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

    /// <summary>Only tests of the category Engines open a window; without them nothing is started.</summary>
    private readonly Lazy<Task<(IPlaywright Playwright, IBrowser Browser)>> _browser = new(LaunchAsync);

    public ValueTask InitializeAsync()
    {
        // Other projects' tests share the machine: what a page shows may take longer than Playwright's five seconds.
        Assertions.SetDefaultExpectTimeout(30_000);
        return ValueTask.CompletedTask;
    }

    /// <summary>A window on a site's console, signed in when a role is given.</summary>
    internal async Task<Window> OpenAsync(ConsoleSite site, string? role = "admin", bool isPhone = false, bool isDark = false, string path = "/console/")
    {
        var window = await OpenAsync(site.Door, isPhone, isDark);
        if (role is not null)
        {
            await window.SignInAsync(site.Token(role), path);
        }

        return window;
    }

    /// <summary>A window on any console.</summary>
    internal async Task<Window> OpenAsync(Uri door, bool isPhone = false, bool isDark = false)
    {
        var context = await (await _browser.Value).Browser.NewContextAsync(new()
        {
            BaseURL = door.ToString(),
            IgnoreHTTPSErrors = true,
            ViewportSize = isPhone ? new() { Width = 390, Height = 844 } : new() { Width = 1280, Height = 800 },
            ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light,
            DeviceScaleFactor = 1,
        });
        return new Window(context, await context.NewPageAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser.IsValueCreated)
        {
            var (playwright, browser) = await _browser.Value;
            await browser.DisposeAsync();
            playwright.Dispose();
        }
    }

    private static async Task<(IPlaywright Playwright, IBrowser Browser)> LaunchAsync()
    {
        var playwright = await Playwright.CreateAsync();
        var program = Places.FirstOrDefault(File.Exists) ?? throw new FileNotFoundException($"Chromium is not at {string.Join(" or ", Places)}. Debian: apt-get install chromium.");
        return (playwright, await playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] }));
    }
}
