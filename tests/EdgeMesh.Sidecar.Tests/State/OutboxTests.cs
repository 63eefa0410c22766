using System.Threading.Channels;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Tests.State;

/// <summary>An outbox on durable stores, over a restart.</summary>
public sealed class OutboxTests : IDisposable
{
    private static readonly string Resources =
        Yaml.Component("events", "pubsub.edgemesh.sqlite", ("connectionString", "events.db"))
        + Yaml.Component("orders", "state.sqlite", ("connectionString", "orders.db"), ("outboxPublishPubsub", "events"), ("outboxPublishTopic", "ordered"));

    private readonly string _folder = TestSidecar.TemporaryFolder();
    private readonly Channel<string> _came = Channel.CreateUnbounded<string>();

    [Fact]
    public async Task Transact_CommittedAndFailed_OnlyTheFirstIsPublished()
    {
        await using var app = await AppAsync();
        await using var sidecar = await StartAsync(app);
        Assert.Equal(204, await TransactAsync(sidecar, "1", "\"one\""));
        Assert.Equal(500, await TransactAsync(sidecar, "1", "\"stale\"", ""","etag":"nonsense","options":{"concurrency":"first-write"}"""));
        Assert.Equal(204, await TransactAsync(sidecar, "2", "\"two\""));
        Assert.Equal(["one", "two"], new[] { await NextAsync(), await NextAsync() }.Order(StringComparer.Ordinal));
        Assert.False(_came.Reader.TryRead(out _));
    }

    [Fact]
    public async Task Transact_AnAppThatOnlyCalls_PublishesToo()
    {
        await using var app = await AppAsync();
        await using (var subscribing = await StartAsync(app))
        {
            // Subscribed once, so that what comes from now on is kept for it.
            using var http = subscribing.Http();
            while (await http.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync() != 204)
            {
                await Task.Delay(20, TestSidecar.Cancellation);
            }
        }

        await using (var caller = await TestSidecar.StartAsync(Resources, folder: _folder))
        {
            Assert.Equal(204, await TransactAsync(caller, "1", "\"by a caller\""));
            while (MarkersLeft() > 0)
            {
                await Task.Delay(20, TestSidecar.Cancellation);
            }
        }

        await using var again = await StartAsync(app);
        Assert.Equal("by a caller", await NextAsync());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private long MarkersLeft()
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(_folder, "orders.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM state WHERE key LIKE 'outbox-%'";
        return (long)command.ExecuteScalar()!;
    }

    private async Task<string> NextAsync() => await _came.Reader.ReadAsync(TestSidecar.Cancellation);

    private static async Task<int> TransactAsync(TestSidecar sidecar, string key, string value, string more = "")
    {
        using var http = sidecar.Http();
        return await http.PostJsonAsync("/v1.0/state/orders/transaction", $$$"""{"operations":[{"operation":"upsert","request":{"key":"{{{key}}}","value":{{{value}}}{{{more}}}}}]}""").StatusAsync();
    }

    private Task<TestApp> AppAsync() => TestApp.StartAsync(
        async context =>
        {
            using var json = await System.Text.Json.JsonDocument.ParseAsync(context.Request.Body);
            _came.Writer.TryWrite(json.RootElement.GetProperty("data").GetString()!);
        },
        context => context.Response.WriteAsync("""[{"pubsubname":"events","topic":"ordered","route":"/ordered"}]"""));

    private Task<TestSidecar> StartAsync(TestApp app) => TestSidecar.StartAsync(Resources, new Dictionary<string, Uri?> { ["alpha"] = app.Url }, _folder);
}
