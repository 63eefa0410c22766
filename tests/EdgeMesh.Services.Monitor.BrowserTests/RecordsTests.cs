using System.Net;
using System.Text;
using EdgeMesh.Services.Functions;
using EdgeMesh.Services.Ledger;
using EdgeMesh.Services.Records;
using EdgeMesh.Testing;
using Microsoft.Playwright;

namespace EdgeMesh.Services.Monitor.BrowserTests;

/// <summary>What the console asks of other services, with the rights of who looks: real records, ledger and functions behind it.</summary>
[Trait("Category", "Engines")]
public sealed class RecordsTests(Chromium chromium, WholeSite whole) : IClassFixture<WholeSite>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Receipt_OfAWrite_SaysWhoDecided_AndItsProofHolds(bool isPhone)
    {
        var receipt = await whole.WriteAsync();
        await using var window = await chromium.OpenAsync(whole.Site, role: "auditor", isPhone: isPhone, path: "/console/consents");
        await window.Page.GetByLabel("Its id").FillAsync(receipt);

        // The ledger has it in a moment; the page says so until then.
        await GoneAsync(window, "not yet", async () =>
        {
            await window.Page.Locator("form", new() { HasText = "By a receipt" }).GetByRole(AriaRole.Button).ClickAsync();
            await window.Page.Locator("#found").WaitForAsync();
        });

        await Assertions.Expect(window.Page.Locator("[data-holds=true]")).ToContainTextAsync("Holds");
        await Assertions.Expect(window.Page.Locator("caption")).ToContainTextAsync("Decided by");
        Assert.True(await window.FitsAsync());
    }

    [Fact]
    public async Task Audit_OfAPatient_ListsWhoCame_ForAuditors()
    {
        await whole.WriteAsync();
        await using var window = await chromium.OpenAsync(whole.Site, role: "auditor", path: "/console/consents");
        await GoneAsync(window, "None is in the ledger", () => window.Page.GotoAsync($"/console/consents?patient={whole.Patient}"));

        await Assertions.Expect(window.Page.Locator("tbody tr").First).ToContainTextAsync("dr-who");
        await Assertions.Expect(window.Page.Locator("tbody tr").First).ToContainTextAsync("create");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Ledger_ItsCheckpointIsChecked_AndSoIsAnEntry(bool isPhone)
    {
        await whole.WriteAsync();
        await using var window = await chromium.OpenAsync(whole.Site, role: "auditor", isPhone: isPhone, path: "/console/ledger");
        await Assertions.Expect(window.Page.Locator(".verdict")).ToContainTextAsync("signature holds");
        await GoneAsync(window, "has no entry", () => window.Page.GotoAsync("/console/ledger?entry=0"));

        await Assertions.Expect(window.Page.Locator("[data-holds=true]")).ToContainTextAsync("Entry 0 is in the tree");
        Assert.True(await window.FitsAsync());
    }

    [Fact]
    public async Task ReceiptAndEntry_AreLookedUp_ByTheKeyboardAlone()
    {
        var receipt = await whole.WriteAsync();
        await using var window = await chromium.OpenAsync(whole.Site, role: "auditor", path: "/console/consents");
        await GoneAsync(window, "not yet", async () =>
        {
            await window.GoAsync("consents");
            await window.Page.Keyboard.PressAsync("/");
            await window.Page.Keyboard.TypeAsync(receipt);
            await window.Page.Keyboard.PressAsync("Enter");
            await window.Page.Locator("#found").WaitForAsync();
        });
        await Assertions.Expect(window.Page.Locator("[data-holds=true]")).ToContainTextAsync("Holds");

        await window.Page.Keyboard.PressAsync("Escape");
        await window.Page.Keyboard.TypeAsync("gd");
        await window.TabToAsync(window.Page.Locator("input[name=entry]"));
        await window.Page.Keyboard.TypeAsync("0");
        await window.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(window.Page.Locator("[data-holds=true]")).ToContainTextAsync("Entry 0 is in the tree");
    }

    [Fact]
    public async Task Functions_AreAskedWithTheCallersOwnRights()
    {
        await using var operators = await chromium.OpenAsync(whole.Site, role: "operator", path: "/console/functions");
        await Assertions.Expect(operators.Page.Locator("main")).ToContainTextAsync("No function is deployed");

        await using var auditors = await chromium.OpenAsync(whole.Site, role: "auditor", path: "/console/functions");
        await Assertions.Expect(auditors.Page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("Deployments are for deployers");
    }

    /// <summary>Asks again until a page does not say something any more; the ledger has what was written in a moment.</summary>
    private static async Task GoneAsync(Window window, string text, Func<Task> ask)
    {
        var started = TimeProvider.System.GetTimestamp();
        do
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromMinutes(2), $"The page says '{text}' after two minutes.");
            await ask();
        }
        while (await window.Page.GetByText(text).CountAsync() > 0);
    }
}

/// <summary>A site with everything behind its console.</summary>
public sealed class WholeSite : IAsyncLifetime
{
    private readonly int _sites = 3;

    public WholeSite()
    {
    }

    /// <param name="sites">How many there are in its mesh.</param>
    internal WholeSite(int sites) => _sites = sites;

    internal ConsoleSite Site { get; private set; } = null!;

    internal string Patient { get; private set; } = "";

    public async ValueTask InitializeAsync() => Site = await ConsoleSite.StartAsync(
        _sites, besides: [new TestApp(LedgerApp.AppId, LedgerApp.Create), new TestApp(RecordsApp.AppId, RecordsApp.Create), new TestApp(FunctionsApp.AppId, FunctionsApp.Create)]);

    /// <summary>Writes a patient as a clinician does, through the door.</summary>
    /// <returns>The receipt of the answer.</returns>
    internal async Task<string> WriteAsync()
    {
        using var client = Site.NewClient("practitioner", "dr-who");
        using var body = new StringContent("""{"resourceType":"Patient","name":[{"family":"Canary"}]}""", Encoding.UTF8, "application/fhir+json");
        using var answer = await client.PostAsync("/fhir/Patient", body, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        Patient = answer.Headers.Location!.ToString().Split("/Patient/")[1].Split('/')[0];
        return answer.Headers.GetValues("X-EdgeMesh-Receipt").Single();
    }

    public ValueTask DisposeAsync() => Site.DisposeAsync();
}
