using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Actors;

/// <summary>What actors do by the clock, which the tests move: idleness, timers, reminders.</summary>
public sealed class ActorTimeTests : IAsyncLifetime
{
    private const string Config = """{"entities":["cat"],"actorIdleTimeout":"10m"}""";
    private const string Actors = "/v1.0/actors/";

    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(60));
    private readonly string _folder = TestSidecar.TemporaryFolder();
    private ActorApp _app = null!;

    public async ValueTask InitializeAsync() => _app = await ActorApp.StartAsync(Config);

    [Fact]
    public async Task Idle_ForItsTime_IsDeactivatedOnce()
    {
        await using var sidecar = await StartAsync();
        using var http = sidecar.Http("pets");
        Assert.Equal(200, await http.PutAsync(Actors + "cat/1/method/m", null, TestSidecar.Cancellation).StatusAsync());

        _clock.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(200, await http.PutAsync(Actors + "cat/1/method/m", null, TestSidecar.Cancellation).StatusAsync());
        _clock.Advance(TimeSpan.FromMinutes(9));
        Assert.Equal(204, await TransactAsync(http, "cat/1"));
        _clock.Advance(TimeSpan.FromMinutes(1));

        await _app.NextAsync("DELETE cat/1");
        Assert.False(_app.Has("DELETE cat/1"));
    }

    [Fact]
    public async Task Idle_WhileACallGoesOn_IsNotDeactivated()
    {
        await using var sidecar = await StartAsync();
        using var http = sidecar.Http("pets");
        var (free, done) = (new TaskCompletionSource(), "PUT cat/busy/method/slow");
        _app.Answer(done, _ => free.Task);
        var call = http.PutAsync(Actors + "cat/busy/method/slow", null, TestSidecar.Cancellation);
        await _app.NextAsync(done);

        _clock.Advance(TimeSpan.FromHours(1));
        // Another actor's whole idle time passes in between, so a deactivation would have had its chance.
        Assert.Equal(200, await http.PutAsync(Actors + "cat/other/method/m", null, TestSidecar.Cancellation).StatusAsync());
        _clock.Advance(TimeSpan.FromMinutes(10));
        await _app.NextAsync("DELETE cat/other");
        Assert.False(_app.Has("DELETE cat/busy"));
        free.SetResult();
        using var answer = await call;
        _clock.Advance(TimeSpan.FromMinutes(20));

        await _app.NextAsync("DELETE cat/busy");
    }

    [Fact]
    public async Task Timer_EveryPeriod_FiresAndEndsWithItsTimeToLive()
    {
        await using var sidecar = await StartAsync();
        using var http = sidecar.Http("pets");
        Assert.Equal(204, await http.PostJsonAsync(Actors + "cat/1/timers/t", """{"dueTime":"1h","period":"1h","ttl":"150m"}""").StatusAsync());

        for (var i = 0; i < 3; i++)
        {
            Assert.False(_app.Has("PUT cat/1/method/timer/t"));
            _clock.Advance(TimeSpan.FromHours(1));
            await _app.NextAsync("PUT cat/1/method/timer/t");
        }

        _clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(204, await http.PostJsonAsync(Actors + "cat/1/timers/after", "{}").StatusAsync());
        await _app.NextAsync("PUT cat/1/method/timer/after");
        Assert.False(_app.Has("PUT cat/1/method/timer/t"));
    }

    [Fact]
    public async Task Timer_InFiftyDays_IsWaitedFor()
    {
        await using var sidecar = await StartAsync();
        using var http = sidecar.Http("pets");
        await http.PostJsonAsync(Actors + "cat/1/timers/far", """{"dueTime":"P60D"}""").StatusAsync();

        for (var day = 0; day < 60; day++)
        {
            Assert.False(_app.Has("PUT cat/1/method/timer/far"));
            _clock.Advance(TimeSpan.FromDays(1));
        }

        await _app.NextAsync("PUT cat/1/method/timer/far");
    }

    [Fact]
    public async Task Timer_ThatDeletesItselfInItsCall_CompletesThatCall()
    {
        await using var sidecar = await StartAsync();
        using var http = sidecar.Http("pets");
        var deleted = new TaskCompletionSource<int>();
        _app.Answer("PUT cat/1/method/timer/t", async _ => deleted.TrySetResult(await http.DeleteAsync(Actors + "cat/1/timers/t", TestSidecar.Cancellation).StatusAsync()));
        await http.PostJsonAsync(Actors + "cat/1/timers/t", """{"dueTime":"1s","period":"1s"}""").StatusAsync();

        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(204, await deleted.Task.WaitAsync(TestSidecar.Cancellation));
        await _app.NextAsync("PUT cat/1/method/timer/t");
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(200, await http.PutAsync(Actors + "cat/1/method/m", null, TestSidecar.Cancellation).StatusAsync());
        Assert.False(_app.Has("PUT cat/1/method/timer/t"));
    }

    [Fact]
    public async Task Reminder_OverARestart_FiresLateAsOftenAsItWasMissedAndGoesOn()
    {
        await using (var sidecar = await StartAsync())
        {
            using var http = sidecar.Http("pets");
            Assert.Equal(204, await http.PostJsonAsync(Actors + "cat/1/reminders/feed", """{"dueTime":"1h","period":"1h","data":"fish"}""").StatusAsync());
            _clock.Advance(TimeSpan.FromHours(1));
            Assert.Contains("fish", await _app.NextAsync("PUT cat/1/method/remind/feed"), StringComparison.Ordinal);
        }

        _clock.Advance(TimeSpan.FromHours(3));
        await using var again = await StartAsync();
        for (var i = 0; i < 3; i++)
        {
            await _app.NextAsync("PUT cat/1/method/remind/feed");
        }

        _clock.Advance(TimeSpan.FromHours(1));
        await _app.NextAsync("PUT cat/1/method/remind/feed");
        Assert.False(_app.Has("PUT cat/1/method/remind/feed"));
    }

    [Fact]
    public async Task Reminder_Deleted_IsGoneOverARestart()
    {
        await using (var sidecar = await StartAsync())
        {
            using var http = sidecar.Http("pets");
            await http.PostJsonAsync(Actors + "cat/1/reminders/feed", """{"dueTime":"1h"}""").StatusAsync();
            Assert.Equal(204, await http.DeleteAsync(Actors + "cat/1/reminders/feed", TestSidecar.Cancellation).StatusAsync());
        }

        await using var again = await StartAsync();
        using var client = again.Http("pets");
        Assert.Equal(404, await client.GetAsync(Actors + "cat/1/reminders/feed", TestSidecar.Cancellation).StatusAsync());
    }

    [Fact]
    public async Task Reminder_AfterACrash_IsThereAsItWasAnswered()
    {
        var copy = TestSidecar.TemporaryFolder();
        await using (var sidecar = await StartAsync())
        {
            using var http = sidecar.Http("pets");
            await Task.WhenAll(Enumerable.Range(0, 50).Select(i => http.PostJsonAsync(Actors + $"cat/{i}/reminders/feed", """{"dueTime":"1h"}""").StatusAsync()));
            Assert.Equal(204, await http.DeleteAsync(Actors + "cat/7/reminders/feed", TestSidecar.Cancellation).StatusAsync());
            // What a kill leaves: the files as they are now.
            foreach (var file in Directory.GetFiles(_folder, "reminders-*.db*").Where(f => !f.EndsWith(".owner", StringComparison.Ordinal)))
            {
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
            }
        }

        await using var again = await StartAsync(copy);
        using var client = again.Http("pets");
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal(i == 7 ? 404 : 200, await client.GetAsync(Actors + $"cat/{i}/reminders/feed", TestSidecar.Cancellation).StatusAsync());
        }

        Directory.Delete(copy, recursive: true);
    }

    [Fact]
    public async Task Reminder_WhileTheAppIsAway_WaitsAndIsNotUsedUp()
    {
        await using var sidecar = await StartAsync();
        using var http = sidecar.Http("pets");
        var calls = 0;
        _app.Answer("PUT cat/1/method/remind/feed", context =>
        {
            if (++calls <= 8)
            {
                context.Abort();
            }

            return Task.CompletedTask;
        });
        await http.PostJsonAsync(Actors + "cat/1/reminders/feed", """{"dueTime":"1s"}""").StatusAsync();

        await AdvanceUntilGoneAsync(http);

        Assert.Equal(9, calls);
    }

    [Fact]
    public async Task Reminder_RefusedByTheApp_IsRepeatedThreeTimesAndThenGivenUpForThatTime()
    {
        await using var sidecar = await StartAsync();
        using var http = sidecar.Http("pets");
        var calls = 0;
        _app.Answer("PUT cat/1/method/remind/feed", context =>
        {
            calls++;
            context.Response.StatusCode = 500;
            return Task.CompletedTask;
        });
        await http.PostJsonAsync(Actors + "cat/1/reminders/feed", """{"dueTime":"1s","period":"R2/PT30S"}""").StatusAsync();

        await AdvanceUntilGoneAsync(http);

        Assert.Equal(8, calls);
    }

    [Fact]
    public async Task Reminder_ThatDeletesItselfInItsCall_CompletesThatCallAndIsGone()
    {
        await using var sidecar = await StartAsync();
        using var http = sidecar.Http("pets");
        var deleted = new TaskCompletionSource<int>();
        _app.Answer("PUT cat/1/method/remind/feed", async _ => deleted.TrySetResult(await http.DeleteAsync(Actors + "cat/1/reminders/feed", TestSidecar.Cancellation).StatusAsync()));
        await http.PostJsonAsync(Actors + "cat/1/reminders/feed", """{"dueTime":"1s","period":"1s"}""").StatusAsync();

        _clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(204, await deleted.Task.WaitAsync(TestSidecar.Cancellation));
        Assert.Equal(404, await http.GetAsync(Actors + "cat/1/reminders/feed", TestSidecar.Cancellation).StatusAsync());
    }

    [Fact]
    public async Task Reminders_OfAFileThatAnotherProcessOwns_AreRefusedByName()
    {
        await using var first = await StartAsync();
        using var http = first.Http("pets");
        await http.PostJsonAsync(Actors + "cat/1/reminders/feed", """{"dueTime":"1h"}""").StatusAsync();

        await using var second = await StartAsync();
        using var other = second.Http("pets");
        var (status, code, message) = await other.PostJsonAsync(Actors + "cat/2/reminders/feed", """{"dueTime":"1h"}""").FaultAsync();

        Assert.Equal((500, "ERR_ACTOR_REMINDER_CREATE"), (status, code));
        Assert.Contains("Another process owns", message, StringComparison.Ordinal);
    }

    private async Task<TestSidecar> StartAsync(string? folder = null)
    {
        var sidecar = await TestSidecar.StartAsync(
            Yaml.Component("actors", "state.in-memory", ("actorStateStore", "true")), new Dictionary<string, Uri?> { ["pets"] = _app.Url }, folder ?? _folder, o => o with { Clock = _clock });
        using var http = sidecar.Http("pets");
        while (await http.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync() != 204)
        {
            await Task.Delay(10, TestSidecar.Cancellation);
        }

        return sidecar;
    }

    private static Task<int> TransactAsync(HttpClient http, string actor) =>
        http.PostJsonAsync($"{Actors}{actor}/state", """[{"operation":"upsert","request":{"key":"k","value":1}}]""").StatusAsync();

    private async Task AdvanceUntilGoneAsync(HttpClient http)
    {
        while (await http.GetAsync(Actors + "cat/1/reminders/feed", TestSidecar.Cancellation).StatusAsync() != 404)
        {
            _clock.Advance(TimeSpan.FromSeconds(1));
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
