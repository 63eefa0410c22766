using Microsoft.Playwright;

[assembly: AssemblyFixture(typeof(EdgeMesh.Services.Monitor.BrowserTests.Chromium))]

namespace EdgeMesh.Services.Monitor.BrowserTests;

/// <summary>Debian's Chromium, one for all tests; each opens windows of its own, which share nothing.</summary>
public sealed class Chromium : IAsyncLifetime
{
    private static readonly string[] Places = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        // Only tests of the category Engines open a window; without them nothing is started.
        await Task.CompletedTask;
    }

    /// <summary>A window on a site's console, signed in when a role is given.</summary>
    internal async Task<Window> OpenAsync(ConsoleSite site, string? role = "admin", bool isPhone = false, bool isDark = false, string path = "/console/")
    {
        var context = await (await BrowserAsync()).NewContextAsync(new()
        {
            BaseURL = site.Door.ToString(),
            IgnoreHTTPSErrors = true,
            ViewportSize = isPhone ? new() { Width = 390, Height = 844 } : new() { Width = 1280, Height = 800 },
            ColorScheme = isDark ? ColorScheme.Dark : ColorScheme.Light,
            DeviceScaleFactor = 1,
        });
        var window = new Window(context, await context.NewPageAsync());
        if (role is not null)
        {
            await window.SignInAsync(site.Token(role), path);
        }

        return window;
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
    }

    private async Task<IBrowser> BrowserAsync()
    {
        _playwright ??= await Playwright.CreateAsync();
        var program = Places.FirstOrDefault(File.Exists) ?? throw new FileNotFoundException($"Chromium is not at {string.Join(" or ", Places)}. Debian: apt-get install chromium.");
        return _browser ??= await _playwright.Chromium.LaunchAsync(new() { ExecutablePath = program, Args = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"] });
    }
}
