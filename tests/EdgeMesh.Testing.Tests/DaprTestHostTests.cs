using System.Net;
using System.Net.Http.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Testing.Tests;

public sealed class DaprTestHostTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Configuration_OfTheHost_IsTheSidecars()
    {
        await using var host = await DaprTestHost.StartAsync(new()
        {
            Apps = [new TestApp("test")],
            Configuration = """
                apiVersion: dapr.io/v1alpha1
                kind: Configuration
                metadata: { name: strict }
                spec:
                  api: { denied: [{ name: state, version: v1.0, protocol: http }] }
                """,
        }, Token);
        using var client = host.SidecarClient("test");
        using var denied = await client.GetAsync("/v1.0/state/heads/k", Token);
        using var served = await client.GetAsync("/v1.0/metadata", Token);
        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.OK), (denied.StatusCode, served.StatusCode));
    }

    [Fact]
    public async Task InvokeMethod_AnotherApp_ReachesIt()
    {
        await using var host = await StartShopAsync();

        var left = await LeftAsync(host);

        Assert.Equal(10, left);
    }

    [Fact]
    public async Task Publish_FromOneApp_IsHandledByTheOtherAndKeptInItsState()
    {
        await using var host = await StartShopAsync();

        await host.Dapr("test").PublishEventAsync("events", "orders", new StockOrder("bandage", 1), Token);
        await host.Services("stock").GetRequiredService<Handled>().FirstAsync(Token);

        Assert.Equal(9, await LeftAsync(host));
        Assert.Equal(9, await host.Dapr("stock").GetStateAsync<int>("heads", "bandage", cancellationToken: Token));
    }

    [Fact]
    public async Task GetState_AfterItsTimeToLive_IsGoneWhenTheTestMovesTheClock()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        await using var host = await DaprTestHost.StartAsync(new() { Apps = [new("test")], Clock = clock }, Token);
        var dapr = host.Dapr("test");
        await dapr.SaveStateAsync("heads", "r1", "held", metadata: new Dictionary<string, string> { ["ttlInSeconds"] = "60" }, cancellationToken: Token);

        Assert.Equal("held", await dapr.GetStateAsync<string>("heads", "r1", cancellationToken: Token));
        clock.Advance(TimeSpan.FromSeconds(61));

        Assert.Null(await dapr.GetStateAsync<string>("heads", "r1", cancellationToken: Token));
    }

    [Fact]
    public async Task Start_WithAFakeClock_DoesNotWaitForItToMove()
    {
        await using var host = await StartShopAsync(new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60)));

        Assert.Equal(10, await LeftAsync(host));
    }

    [Fact]
    public async Task TwoHosts_AtOnce_KeepApart()
    {
        await using var first = await DaprTestHost.StartAsync(new() { Apps = [new("test")] }, Token);
        await using var second = await DaprTestHost.StartAsync(new() { Apps = [new("test")] }, Token);

        await first.Dapr("test").SaveStateAsync("heads", "k", 1, cancellationToken: Token);

        Assert.Equal(1, await first.Dapr("test").GetStateAsync<int>("heads", "k", cancellationToken: Token));
        Assert.Equal(0, await second.Dapr("test").GetStateAsync<int>("heads", "k", cancellationToken: Token));
    }

    [Fact]
    public async Task StopApp_ThenStartApp_IsAwayAndBack()
    {
        await using var host = await StartShopAsync();
        using var stock = host.InvokeClient(from: "test", to: "stock");

        await host.StopAppAsync("stock");
        using var away = await stock.GetAsync("left/bandage", Token);
        await host.StartAppAsync("stock", Token);
        using var back = await stock.GetAsync("left/bandage", Token);

        Assert.Equal(HttpStatusCode.InternalServerError, away.StatusCode);
        Assert.Equal(HttpStatusCode.OK, back.StatusCode);
    }

    [Fact]
    public async Task AppClient_WithoutTheAppToken_IsRefused()
    {
        await using var host = await StartShopAsync();
        using var client = host.AppClient("stock");
        client.DefaultRequestHeaders.Clear();

        using var answer = await client.GetAsync("/left/bandage", Token);

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task Resources_AsText_TakeThePlaceOfTheDefaults()
    {
        const string store = """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: drawer
            spec:
              type: state.sqlite
              version: v1
              metadata:
                - name: connectionString
                  value: drawer.db
            """;
        var folder = Directory.CreateTempSubdirectory("edgemesh-test-");
        try
        {
            await using (var host = await DaprTestHost.StartAsync(new() { Apps = [new("test")], Resources = store, DataDirectory = folder.FullName }, Token))
            {
                await host.Dapr("test").SaveStateAsync("drawer", "k", "kept", cancellationToken: Token);
            }

            // A second host on the same folder finds what the first one wrote.
            await using var again = await DaprTestHost.StartAsync(new() { Apps = [new("test")], Resources = store, DataDirectory = folder.FullName }, Token);
            Assert.Equal("kept", await again.Dapr("test").GetStateAsync<string>("drawer", "k", cancellationToken: Token));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Start_TwoAppsOfOneId_SaysSo()
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => DaprTestHost.StartAsync(new() { Apps = [new("test"), new("test")] }, Token));

        Assert.StartsWith("There are 2 apps 'test'. Ids must differ.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_AnAppThatNeverGetsReady_SaysWhatItWaitsFor()
    {
        var options = new DaprTestHostOptions
        {
            Apps = [new("slow", builder =>
            {
                builder.AddEdgeMesh("slow");
                builder.Services.AddReadiness("scanner", (_, _) => Task.FromResult<string?>("the scanner is unplugged"));
                return builder.Build().MapEdgeMesh();
            })],
            ReadyLimit = TimeSpan.FromMilliseconds(200),
        };

        var error = await Assert.ThrowsAsync<TimeoutException>(() => DaprTestHost.StartAsync(options, Token));

        Assert.Contains("the scanner is unplugged", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_WithoutADataDirectory_RemovesTheTemporaryOne()
    {
        string folder;
        await using (var host = await DaprTestHost.StartAsync(new() { Apps = [new("test")] }, Token))
        {
            folder = host.DataDirectory;
            Assert.True(Directory.Exists(folder));
        }

        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task GetSecret_OfTheTest_ComesThroughTheComponent()
    {
        var options = new DaprTestHostOptions { Apps = [new("test")], Secrets = new Dictionary<string, string> { ["pin"] = "1234" } };
        await using var host = await DaprTestHost.StartAsync(options, Token);

        Assert.Equal("1234", (await host.Dapr("test").GetSecretAsync("secrets", "pin", cancellationToken: Token))["pin"]);
    }

    [Fact]
    public void Take_ManyPorts_NeverGivesOneTwice() =>
        Assert.Equal(200, Enumerable.Range(0, 200).Select(_ => LoopbackPorts.Take()).Distinct().Count());

    private static async Task<int> LeftAsync(DaprTestHost host)
    {
        using var stock = host.InvokeClient(from: "test", to: "stock");
        return await stock.GetFromJsonAsync<int>("left/bandage", Token);
    }

    private static Task<DaprTestHost> StartShopAsync(TimeProvider? clock = null) => DaprTestHost.StartAsync(
        new() { Apps = [new("stock", StockApp.Create), new("test")], Clock = clock ?? TimeProvider.System }, Token);
}
