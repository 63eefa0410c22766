using System.Net;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using EdgeMesh.Tests.Servers;
using Grpc.Net.Client;
using Npgsql;
using DaprApi = Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary><c>configuration.postgresql</c> on a real PostgreSQL, with the table and the trigger that Dapr's documentation asks for.</summary>
[Trait("Category", "Engines")]
public abstract class PostgresConfigurationSuite(bool isReal) : RunSuite(isReal), IAsyncLifetime
{
    private const string Schema = """
        CREATE TABLE settings (key VARCHAR NOT NULL, value VARCHAR NOT NULL, version VARCHAR NOT NULL, metadata JSON);
        CREATE FUNCTION notify_event() RETURNS TRIGGER AS $$
        BEGIN
          PERFORM pg_notify('config', json_build_object('table', TG_TABLE_NAME, 'action', TG_OP, 'data', row_to_json(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END))::text);
          RETURN NULL;
        END;
        $$ LANGUAGE plpgsql;
        CREATE TRIGGER told AFTER INSERT OR UPDATE OR DELETE ON settings FOR EACH ROW EXECUTE PROCEDURE notify_event();
        INSERT INTO settings VALUES ('a', '1', '1', NULL), ('b', 'new', '5', '{"env":"test"}'), ('b', 'old', '3', '{"env":"old"}');
        """;

    private ServerProcess _server = null!;
    private NpgsqlDataSource _source = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.PostgresqlAsync(Cancellation);
        _source = NpgsqlDataSource.Create($"Host=127.0.0.1;Port={_server.Port};Username=postgres;Database=postgres;Pooling=false");
        await RunAsync(Schema);
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _server.DisposeAsync();
        Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Get_OneSeveralAllAndNone_AreTheLatestRows()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app);
        using var client = run.Client();
        Assert.Equal("""{"a":{"value":"1","version":"1"}}""", await GetAsync(client, "?key=a"));
        Assert.Equal("""{"a":{"value":"1","version":"1"},"b":{"value":"new","version":"5","metadata":{"env":"test"}}}""", await GetAsync(client, "?key=a&key=b&key=none"));
        Assert.Equal("""{"a":{"value":"1","version":"1"},"b":{"value":"new","version":"5","metadata":{"env":"test"}}}""", await GetAsync(client, ""));
        Assert.Equal("", await GetAsync(client, "?key=none"));
    }

    [Fact]
    public async Task Subscribe_ByHttp_TellsInsertsUpdatesAndDeletes()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app);
        using var client = run.Client();
        var id = JsonDocument.Parse(await client.GetStringAsync("/v1.0/configuration/settings/subscribe?key=c&metadata.pgNotifyChannel=config", Cancellation)).RootElement.GetProperty("id").GetString();

        // The channel is listened to soon after the answer.
        await Eventually.HoldsAsync(async () =>
        {
            await RunAsync("INSERT INTO settings VALUES ('c', 'first', '1', '{\"x\":\"y\"}')");
            await Task.Delay(100, Cancellation);
            return app.HasDelivery("configuration-c");
        }, Cancellation);
        Assert.Equal(Told(id, """{"value":"first","version":"1","metadata":{"x":"y"}}"""), Text(await app.NextAsync("configuration-c", Cancellation)));
        while (app.TryNext("configuration-c") is not null)
        {
            // Told for each row of those above.
        }

        await RunAsync("DELETE FROM settings WHERE key = 'c'; INSERT INTO settings VALUES ('other', 'x', '1'); INSERT INTO settings VALUES ('c', 'second', '2'); DELETE FROM settings WHERE key = 'c'");
        Delivery told;
        do
        {
            told = await app.NextAsync("configuration-c", Cancellation);
        }
        while (told.Json.GetProperty("items").GetProperty("c").GetProperty("value").GetString() == "first");
        Assert.Equal(Told(id, """{"value":"second","version":"2"}"""), Text(told));

        // A row that was deleted is told as it was.
        Assert.Equal(Told(id, """{"value":"second","version":"2"}"""), Text(await app.NextAsync("configuration-c", Cancellation)));
        Assert.False(app.HasDelivery("configuration-other"));
    }

    [Fact]
    public async Task Subscribe_ByGrpc_OnTheComponentsChannel_TellsAllKeys()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, ("pgNotifyChannel", "config"));
        using var channel = GrpcChannel.ForAddress($"http://127.0.0.1:{run.GrpcPort}");
        using var call = new DaprApi(channel).SubscribeConfiguration(new SubscribeConfigurationRequest { StoreName = "settings" }, Running.Token, cancellationToken: Cancellation);
        Assert.True(await call.ResponseStream.MoveNext(Cancellation));
        var next = call.ResponseStream.MoveNext(Cancellation);
        await Eventually.HoldsAsync(async () =>
        {
            await RunAsync("SELECT pg_notify('config', 'no JSON'); UPDATE settings SET value = 'told' WHERE key = 'a'");
            await Task.Delay(100, Cancellation);
            return next.IsCompleted;
        }, Cancellation);
        Assert.True(await next);
        Assert.Equal(("told", "1"), (call.ResponseStream.Current.Items["a"].Value, call.ResponseStream.Current.Items["a"].Version));
    }

    [Theory]
    [InlineData("", "unable to subscribe to \"settings\". notifyChannel must be set in component metadata or request metadata")]
    [InlineData("&metadata.pgNotifyChannel=Bad%20name", "invalid notifyChannel name \"Bad name\". non-alphanumerics or upper cased names are not supported")]
    public async Task Subscribe_WithoutAChannel_Is500(string query, string expected)
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app);
        using var client = run.Client();
        using var answer = await client.GetAsync("/v1.0/configuration/settings/subscribe?key=a" + query, Cancellation);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        var fault = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancellation)).RootElement;
        Assert.Equal(("ERR_CONFIGURATION_SUBSCRIBE", "failed to subscribe [a] from Configuration store settings: " + expected), (fault.GetProperty("errorCode").GetString(), fault.GetProperty("message").GetString()));
    }

    [Theory]
    [InlineData("no_such_table")]
    [InlineData("Settings")]
    [InlineData("public.settings")]
    public async Task Table_ThatIsNotThereOrNoName_EndsTheSidecar(string table)
    {
        var folder = Directory.CreateDirectory(Path.Combine(Folder, "resources")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "resources.yaml"), Settings(table), Cancellation);
        await using var run = NewRun();
        run.Start(run.Flags("--resources-path", folder), Folder);
        Assert.Equal(1, await run.ExitCode.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
    }

    private protected Task<SidecarRun> StartAsync(TestApp app, params (string Name, string Value)[] more) => StartAsync(app, "  features: []\n", Settings("settings", more), flags: []);

    private string Settings(string table, params (string Name, string Value)[] more) =>
        Component("settings", "configuration.postgresql", [("connectionString", $"host=127.0.0.1 port={_server.Port} user=postgres dbname=postgres"), ("table", table), .. more]);

    private protected async Task RunAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    /// <summary>The processes of the server that listen for somebody, by what each was asked last: to listen, or whether it is there.</summary>
    private protected async Task<List<int>> ListeningAsync()
    {
        await using var command = _source.CreateCommand("SELECT pid FROM pg_stat_activity WHERE query ILIKE 'listen %' OR query = 'SELECT NULL'");
        await using var rows = await command.ExecuteReaderAsync(Cancellation);
        var processes = new List<int>();
        while (await rows.ReadAsync(Cancellation))
        {
            processes.Add(rows.GetInt32(0));
        }

        return processes;
    }

    private protected static async Task<string> GetAsync(HttpClient client, string query) => (await client.GetStringAsync("/v1.0/configuration/settings" + query, Cancellation)).Trim();

    private static string Told(string? id, string item) => $"{{\"id\":\"{id}\",\"items\":{{\"c\":{item}}}}}";

    private static string Text(Delivery told) => System.Text.Encoding.UTF8.GetString(told.Body).Trim();
}

[Trait("Category", "Engines")]
public sealed class EmbeddedPostgresConfigurationTests() : PostgresConfigurationSuite(isReal: false)
{
    [Fact]
    public async Task Get_WithMetadata_AreTheRowsThatHaveIt()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app);
        using var client = run.Client();
        Assert.Equal("""{"b":{"value":"new","version":"5","metadata":{"env":"test"}}}""", await GetAsync(client, "?key=a&key=b&metadata.env=test"));
        Assert.Equal("", await GetAsync(client, "?key=b&metadata.env=none"));
    }

    [Fact]
    public async Task Unsubscribe_TheLast_EndsTheListening()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, ("pgNotifyChannel", "config"));
        using var client = run.Client();
        var id = JsonDocument.Parse(await client.GetStringAsync("/v1.0/configuration/settings/subscribe?key=a", Cancellation)).RootElement.GetProperty("id").GetString();
        await Eventually.HoldsAsync(async () => (await ListeningAsync()).Count == 1, Cancellation);
        await client.GetStringAsync($"/v1.0/configuration/settings/{id}/unsubscribe", Cancellation);
        await Eventually.HoldsAsync(async () => (await ListeningAsync()).Count == 0, Cancellation);
    }

    [Fact]
    public async Task Subscribe_OnMoreChannelsThanConnections_LeavesThoseToWhoReads()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, ("maxConns", "1"));
        using var client = run.Client();
        foreach (var channel in new[] { "one", "two" })
        {
            await client.GetStringAsync($"/v1.0/configuration/settings/subscribe?key=a&metadata.pgNotifyChannel={channel}", Cancellation);
        }

        await Eventually.HoldsAsync(async () => (await ListeningAsync()).Count == 2, Cancellation);
        Assert.Equal("""{"a":{"value":"1","version":"1"}}""", await GetAsync(client, "?key=a"));
    }

    /// <summary>As when a firewall has forgotten the connection: nothing comes on it any more, not even its end.</summary>
    [Fact]
    public async Task Channel_OnWhichNothingComes_IsListenedToAnew()
    {
        await using var app = await TestApp.StartAsync("alpha", [], Cancellation);
        await using var run = await StartAsync(app, ("pgNotifyChannel", "config"), ("timeout", "1s"));
        using var client = run.Client();
        await client.GetStringAsync("/v1.0/configuration/settings/subscribe?key=a", Cancellation);
        await Eventually.HoldsAsync(async () => (await ListeningAsync()).Count == 1, Cancellation);
        var silent = Assert.Single(await ListeningAsync());
        await SignalAsync("-STOP", silent);
        try
        {
            await Eventually.HoldsAsync(async () =>
            {
                await RunAsync("UPDATE settings SET value = 'told' WHERE key = 'a'");
                return app.HasDelivery("configuration-a");
            }, Cancellation);
        }
        finally
        {
            await SignalAsync("-CONT", silent);
        }
    }

    private static async Task SignalAsync(string signal, int process)
    {
        using var kill = System.Diagnostics.Process.Start("kill", [signal, $"{process}"]);
        await kill.WaitForExitAsync(Cancellation);
    }
}

[Trait("Category", "Engines")]
public sealed class DaprdPostgresConfigurationTests() : PostgresConfigurationSuite(isReal: true);
