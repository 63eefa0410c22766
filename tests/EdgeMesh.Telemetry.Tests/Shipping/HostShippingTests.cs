using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Telemetry.Tests.Shipping;

public sealed class HostShippingTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task AddEdgeMeshTelemetry_WithAUrl_ShipsWhatTwoHostsLogThroughOneSpool()
    {
        var index = new FakeIndex(TimeProvider.System);
        await using var server = await FakeIndexServer.StartAsync(index, Cancellation);
        await using (var records = await StartAsync("records", server.Url))
        await using (var ledger = await StartAsync("ledger", server.Url))
        {
            records.Services.GetRequiredService<ILogger<HostShippingTests>>().LogInformation("from records");
            ledger.Services.GetRequiredService<ILogger<HostShippingTests>>().LogInformation("from ledger");
            for (var tries = 0; index.Messages.Count(m => m.StartsWith("from", StringComparison.Ordinal)) < 2; tries++)
            {
                Assert.True(tries < 3000, "They have not arrived within a minute.");
                await Task.Delay(20, Cancellation);
            }
        }

        Assert.All(index.Records, r => Assert.Equal("Staging", r.GetProperty("service.environment").GetString()));
        Assert.Equal(["from ledger by ledger", "from records by records"], index.Records.Select(r => $"{r.GetProperty("message")} by {r.GetProperty("service.name")}")
            .Where(t => t.StartsWith("from", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task AddEdgeMeshTelemetry_NoIndex_StartsAllTheSame()
    {
        await using var host = await StartAsync("records", "http://127.0.0.1:1");

        Assert.Equal(LogShippingState.Waiting, await StateAsync(host, s => s is LogShippingState.Waiting));
    }

    [Fact]
    public async Task AddEdgeMeshTelemetry_NoUrl_MakesNoSpool()
    {
        await using var host = await StartAsync("records", "");

        Assert.Null(host.Services.GetService<LogShipping>());
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Faults_OfShipping_AreAllToldWithTheirKeys()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["EdgeMesh:LogShipping:Url"] = "elastic:9200",
            ["EdgeMesh:LogShipping:Stream"] = "Logs",
            ["EdgeMesh:LogShipping:Quota"] = "5",
            ["EdgeMesh:LogShipping:BytesPerSecond"] = "fast",
            ["EdgeMesh:LogShipping:CaFile"] = Path.Combine(_folder.Path, "none.pem"),
            ["EdgeMesh:LogShipping:User"] = "site",
            ["EdgeMesh:LogShipping:CreateTemplates"] = "maybe",
        }).Build();

        var faults = string.Join('\n', TelemetrySettings.Faults(configuration));

        Assert.All((string[])["Url is 'elastic:9200'", "Stream is 'Logs'", "Quota is 5", "BytesPerSecond is 'fast'", "CaFile is", "PasswordFile", "CreateTemplates is 'maybe'"],
            part => Assert.Contains(part, faults, StringComparison.Ordinal));
    }

    public void Dispose() => _folder.Dispose();

    private static async Task<LogShippingState> StateAsync(WebApplication host, Func<LogShippingState, bool> reached)
    {
        var shipping = host.Services.GetRequiredService<LogShipping>();
        for (var tries = 0; !reached(shipping.Status.State) && tries < 3000; tries++)
        {
            await Task.Delay(20, Cancellation);
        }

        return shipping.Status.State;
    }

    private async Task<WebApplication> StartAsync(string service, string url)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { EnvironmentName = "Staging" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["urls"] = "http://127.0.0.1:0",
            ["EdgeMesh:LogShipping:Url"] = url,
            [TelemetrySettings.SpoolFolder] = _folder.Path,
        });
        var app = builder.AddEdgeMeshTelemetry("clinic-a", service).Build();
        await app.StartAsync(Cancellation);
        return app;
    }
}
