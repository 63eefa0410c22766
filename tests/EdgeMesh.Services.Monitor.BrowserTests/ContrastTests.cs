namespace EdgeMesh.Services.Monitor.BrowserTests;

[Collection(FrameCollection.Name)]
[Trait("Category", "Engines")]
public sealed class ContrastTests(Chromium chromium, SharedConsole shared)
{
    /// <summary>Texts that stand out from what is behind them by less than 4.5 to 1, the least that WCAG 2.2 asks of texts of any size (level AA).</summary>
    private const string Faint = """
        () => {
          const part = c => (c /= 255) <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
          const light = ([r, g, b]) => .2126 * part(r) + .7152 * part(g) + .0722 * part(b);
          const rgba = text => text.match(/[\d.]+/g)?.map(Number) ?? [0, 0, 0, 0];
          const behind = e => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
          const ratio = e => {
            const style = getComputedStyle(e), [low, high] = [light(rgba(e.namespaceURI.endsWith('svg') ? style.fill : style.color)), light(behind(e))].sort((a, b) => a - b);
            return (high + .05) / (low + .05);
          };
          const texts = [...document.querySelectorAll('body :not(script, style, option)')].filter(e =>
            [...e.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim()) && e.checkVisibility({ visibilityProperty: true }) && !e.closest(':disabled'));
          return [`${texts.length}`, ...texts.filter(e => ratio(e) < 4.5).map(e => `${ratio(e).toFixed(2)}: ${e.outerHTML.slice(0, 140)}`)];
        }
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Texts_OnEveryPage_CanBeRead_InLightAndDark(bool isDark)
    {
        await using var window = await chromium.OpenAsync(shared.Site, isDark: isDark);
        window.Expected.Add("404");
        foreach (var page in FrameTests.Pages)
        {
            await window.GoAsync(page);
            var found = await window.Page.EvaluateAsync<string[]>(Faint);
            Assert.True(int.Parse(found[0], System.Globalization.CultureInfo.InvariantCulture) > 10, $"'{page}' has no texts");
            Assert.True(found.Length == 1, $"'{page}': {string.Join('\n', found[1..])}");
        }
    }
}
