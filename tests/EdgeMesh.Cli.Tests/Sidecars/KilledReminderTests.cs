using System.Net.Http.Headers;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Cli.Tests.Sidecars;

/// <summary>A sidecar is killed while the app has a reminder in hand.</summary>
public sealed class KilledReminderTests : IDisposable
{
    private const string Reminder = "/v1.0/actors/cart/1/reminders/pay";

    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public KilledReminderTests() => File.WriteAllText(_folder.File("actors.yaml"), """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: actors }
        spec: { type: state.sqlite, version: v1, metadata: [{ name: connectionString, value: actors.db }, { name: actorStateStore, value: "true" }] }
        """);

    [Fact]
    public async Task Kill_WhileAReminderIsInTheAppsHand_ItFiresAgain_AndIsDoneWhenTheAppHasTakenIt()
    {
        await using var app = await ActorApp.StartAsync();
        await using (var sidecar = await SidecarProcess.StartAsync(_folder.Path, app.Url, Cancellation))
        {
            await RegisterAsync(sidecar, """{"dueTime":"1s","data":"first"}""");
            await app.NextAsync(Cancellation);
            await sidecar.KillAsync();
        }

        Assert.Single(Dues());
        await using (var again = await SidecarProcess.StartAsync(_folder.Path, app.Url, Cancellation))
        {
            var call = await app.NextAsync(Cancellation);
            Assert.Contains("\"first\"", call.Body, StringComparison.Ordinal);
            call.Answer.SetResult();
            await UntilAsync(() => Dues().Count == 0);
        }

        // Nothing of it is left for a third run.
        Assert.Empty(Dues());
    }

    [Fact]
    public async Task Kill_WhileARepeatingReminderIsInTheAppsHand_ItFiresAgain_AndKeepsItsSchedule()
    {
        await using var app = await ActorApp.StartAsync();
        long first;
        await using (var sidecar = await SidecarProcess.StartAsync(_folder.Path, app.Url, Cancellation))
        {
            await RegisterAsync(sidecar, """{"dueTime":"1s","period":"2s"}""");
            first = Assert.Single(Dues());
            (await app.NextAsync(Cancellation)).Answer.SetResult();
            await app.NextAsync(Cancellation);
            await sidecar.KillAsync();
        }

        // The one in hand is not done: its own time is still what comes next.
        Assert.Equal(first + TimeSpan.FromSeconds(2).Ticks, Assert.Single(Dues()));
        await using var again = await SidecarProcess.StartAsync(_folder.Path, app.Url, Cancellation);
        for (var i = 0; i < 3; i++)
        {
            (await app.NextAsync(Cancellation)).Answer.SetResult();
        }

        await UntilAsync(() => Dues().Single() >= first + TimeSpan.FromSeconds(8).Ticks);
        Assert.Equal(0, (Dues().Single() - first) % TimeSpan.FromSeconds(2).Ticks);
    }

    private static async Task RegisterAsync(SidecarProcess sidecar, string reminder)
    {
        using var answer = await sidecar.Http.PostAsync(Reminder, new StringContent(reminder, MediaTypeHeaderValue.Parse("application/json")), Cancellation);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>When the reminders of the file are due next, in ticks.</summary>
    private List<long> Dues()
    {
        using var connection = new SqliteConnection($"Data Source={_folder.File("reminders-alpha.db")};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT due FROM reminders";
        using var rows = command.ExecuteReader();
        var dues = new List<long>();
        while (rows.Read())
        {
            dues.Add(rows.GetInt64(0));
        }

        return dues;
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!holds())
        {
            await Task.Delay(50, limit.Token);
        }
    }

    public void Dispose() => _folder.Dispose();

    /// <summary>A reminder that has come, and waits for what the app says.</summary>
    private sealed record Call(string Body)
    {
        public TaskCompletionSource Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Hosts actors of type <c>cart</c>, and answers a reminder when the test does.</summary>
    private sealed class ActorApp : IAsyncDisposable
    {
        private readonly WebApplication _web;
        private readonly Channel<Call> _calls = Channel.CreateUnbounded<Call>();

        private ActorApp(WebApplication web) => _web = web;

        public Uri Url => new(_web.Urls.First());

        public static async Task<ActorApp> StartAsync()
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = new ActorApp(builder.Build());
            app._web.MapGet("/dapr/config", () => Results.Text("""{"entities":["cart"]}""", "application/json"));
            app._web.MapPut("/actors/cart/1/method/remind/pay", async context =>
            {
                using var reader = new StreamReader(context.Request.Body);
                var call = new Call(await reader.ReadToEndAsync(context.RequestAborted));
                app._calls.Writer.TryWrite(call);
                await call.Answer.Task.WaitAsync(context.RequestAborted);
            });
            app._web.MapDelete("/actors/cart/1", () => Results.Ok());
            await app._web.StartAsync();
            return app;
        }

        public async Task<Call> NextAsync(CancellationToken cancellation)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            limit.CancelAfter(TimeSpan.FromSeconds(60));
            return await _calls.Reader.ReadAsync(limit.Token);
        }

        public ValueTask DisposeAsync() => _web.DisposeAsync();
    }
}
