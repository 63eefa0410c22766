using Microsoft.AspNetCore.Http;

namespace EdgeMesh.Sidecar.Tests.Actors;

/// <summary>Who owns an actor, when apps come late or go.</summary>
public sealed class ActorPlacementTests
{
    private const string Config = """{"entities":["cat"]}""";
    private const string Actors = "/v1.0/actors/";

    [Fact]
    public async Task Call_BeforeTheAppHasCome_WaitsForIt()
    {
        var coming = new TaskCompletionSource();
        await using var app = await TestApp.StartAsync(_ => Task.CompletedTask, config: ComesAfter(coming.Task));
        await using var sidecar = await StartAsync(("pets", app.Url));
        using var http = sidecar.Http("pets");

        var call = http.PutAsync(Actors + "cat/1/method/m", null, TestSidecar.Cancellation);
        coming.SetResult();

        Assert.Equal(200, await call.StatusAsync());
    }

    [Fact]
    public async Task Call_OfATypeThatNobodyHosts_FailsAtOnceWhenAllHaveCome()
    {
        await using var app = await ActorApp.StartAsync(Config);
        await using var sidecar = await StartAsync(("pets", app.Url));
        await ReadyAsync(sidecar, "pets");
        using var http = sidecar.Http("pets");
        var begun = TimeProvider.System.GetTimestamp();

        var (status, code, _) = await http.PutAsync(Actors + "dog/1/method/m", null, TestSidecar.Cancellation).FaultAsync();

        Assert.Equal((500, "ERR_ACTOR_INVOKE_METHOD"), (status, code));
        Assert.True(TimeProvider.System.GetElapsedTime(begun) < TimeSpan.FromSeconds(4));
    }

    [Fact]
    public async Task AppThatComesLater_TakesItsShareAfterTheCallsUnderWay()
    {
        var coming = new TaskCompletionSource();
        await using var first = await ActorApp.StartAsync(Config);
        await using var later = await TestApp.StartAsync(context => context.Response.WriteAsync("later"), config: ComesAfter(coming.Task));
        var (free, answered) = (new TaskCompletionSource(), 0);
        await using var sidecar = await StartAsync(("first", first.Url), ("later", later.Url));
        await ReadyAsync(sidecar, "first");
        using var http = sidecar.Http("first");
        for (var i = 0; i < 16; i++)
        {
            first.Answer($"PUT cat/{i}/method/slow", async _ =>
            {
                await free.Task;
                Interlocked.Increment(ref answered);
            });
        }

        var slow = Enumerable.Range(0, 16).Select(i => http.PutAsync($"{Actors}cat/{i}/method/slow", null, TestSidecar.Cancellation).StatusAsync()).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => first.NextAsync($"PUT cat/{i}/method/slow")));
        coming.SetResult();
        var next = Enumerable.Range(0, 16).Select(i => OwnerAsync(http, i, () => Volatile.Read(ref answered))).ToArray();
        free.SetResult();

        Assert.All(await Task.WhenAll(slow), status => Assert.Equal(200, status));
        await ReadyAsync(sidecar, "later");
        await Task.WhenAll(next);
        var owners = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => OwnerAsync(http, i, () => 16)));
        Assert.Contains("later", owners);
        Assert.Contains("", owners);
        for (var i = 0; i < 16; i++)
        {
            Assert.Equal(owners[i] == "later", first.Has($"DELETE cat/{i}"));
        }
    }

    [Fact]
    public async Task Call_ByAnotherApp_SaysWhoCalls()
    {
        await using var app = await ActorApp.StartAsync(Config);
        await using var sidecar = await TestSidecar.StartAsync(apps: new Dictionary<string, Uri?> { ["pets"] = app.Url, ["vet"] = null });
        await ReadyAsync(sidecar, "pets");
        app.Answer("PUT cat/1/method/m", context => context.Response.WriteAsync(context.Request.Headers["dapr-caller-app-id"].ToString()));
        using var http = sidecar.Http("vet");

        Assert.Equal("vet", await http.PutAsync(Actors + "cat/1/method/m", null, TestSidecar.Cancellation).TextAsync());
    }

    [Fact]
    public async Task Owner_OfManyIds_IsTheSameAfterARestart()
    {
        await using var one = await ActorApp.StartAsync(Config);
        await using var two = await ActorApp.StartAsync(Config);
        var owners = new List<bool[]>();
        for (var run = 0; run < 2; run++)
        {
            await using var sidecar = await StartAsync(("one", one.Url), ("two", two.Url));
            await ReadyAsync(sidecar, "one");
            await ReadyAsync(sidecar, "two");
            using var http = sidecar.Http("one");
            var owned = new bool[64];
            for (var i = 0; i < owned.Length; i++)
            {
                Assert.Equal(200, await http.PutAsync($"{Actors}cat/{i}/method/run{run}", null, TestSidecar.Cancellation).StatusAsync());
                owned[i] = one.Has($"PUT cat/{i}/method/run{run}");
            }

            owners.Add(owned);
        }

        Assert.Equal(owners[0], owners[1]);
        Assert.InRange(owners[0].Count(o => o), 16, 48);
    }

    [Fact]
    public async Task Stop_WithCallsUnderWay_LetsThemEndAndTellsTheApp()
    {
        await using var app = await ActorApp.StartAsync(Config);
        var sidecar = await StartAsync(("leaves", app.Url));
        await ReadyAsync(sidecar, "leaves");
        using var http = sidecar.Http("leaves");
        var free = new TaskCompletionSource();
        app.Answer("PUT cat/1/method/slow", _ => free.Task);
        var slow = http.PutAsync(Actors + "cat/1/method/slow", null, TestSidecar.Cancellation).StatusAsync();
        await app.NextAsync("PUT cat/1/method/slow");
        var waits = http.PutAsync(Actors + "cat/1/method/next", null, TestSidecar.Cancellation).FaultAsync();
        await sidecar.HasCallsOfActorsAsync(2, "cat", "leaves");

        var stop = sidecar.DisposeAsync().AsTask();
        Assert.False(app.Has("DELETE cat/1"));
        free.SetResult();

        Assert.Equal(200, await slow);
        await app.NextAsync("DELETE cat/1");
        // It either had its turn before the stop or was told that nobody is there any more; it never hangs.
        Assert.Contains((await waits).Status, new[] { 200, 500 });
        await stop;
    }

    [Fact]
    public async Task Stop_WithACallThatNeverEnds_AbortsItAfterTheShutdownTime()
    {
        await using var app = await ActorApp.StartAsync(Config);
        var sidecar = await StartAsync(("pets", app.Url));
        await ReadyAsync(sidecar, "pets");
        using var http = sidecar.Http("pets");
        app.Answer("PUT cat/1/method/stuck", context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        var stuck = http.PutAsync(Actors + "cat/1/method/stuck", null, TestSidecar.Cancellation).FaultAsync();
        await app.NextAsync("PUT cat/1/method/stuck");

        await sidecar.DisposeAsync();

        Assert.Equal((500, "ERR_ACTOR_INVOKE_METHOD"), ((await stuck).Status, (await stuck).Code));
        await app.NextAsync("DELETE cat/1");
    }

    [Fact]
    public async Task Start_TwoStoresForActors_IsRefusedByName()
    {
        var yaml = Yaml.Component("one", "state.in-memory", ("actorStateStore", "true")) + Yaml.Component("two", "state.in-memory", ("actorStateStore", "true"));
        var error = await Assert.ThrowsAsync<SidecarConfigurationException>(() => TestSidecar.StartAsync(yaml));
        Assert.Contains("one and two", Assert.Single(error.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task State_WithoutAStoreForActors_SaysWhatToDo()
    {
        await using var app = await ActorApp.StartAsync(Config);
        await using var sidecar = await StartAsync(("pets", app.Url));
        await ReadyAsync(sidecar, "pets");
        using var http = sidecar.Http("pets");
        Assert.Equal(200, await http.PutAsync(Actors + "cat/1/method/m", null, TestSidecar.Cancellation).StatusAsync());
        var (status, code, message) = await http.PostJsonAsync(Actors + "cat/1/state", """[{"operation":"upsert","request":{"key":"k","value":1}}]""").FaultAsync();
        Assert.Equal((500, "ERR_ACTOR_STATE_TRANSACTION_SAVE"), (status, code));
        Assert.Contains("actorStateStore", message, StringComparison.Ordinal);
    }

    private static Func<HttpContext, Task> ComesAfter(Task coming) => async context =>
    {
        await coming;
        await context.Response.WriteAsync(Config);
    };

    private static async Task<string> OwnerAsync(HttpClient http, int id, Func<int> answered)
    {
        using var answer = await http.PutAsync($"{Actors}cat/{id}/method/who", null, TestSidecar.Cancellation);
        var owner = await answer.Content.ReadAsStringAsync(TestSidecar.Cancellation);
        // A second owner while the first one's calls went on would be the fault that this test is for.
        Assert.False(owner == "later" && answered() == 0);
        return owner;
    }

    private static Task<TestSidecar> StartAsync(params (string Id, Uri Url)[] apps) =>
        TestSidecar.StartAsync(apps: apps.ToDictionary(a => a.Id, a => (Uri?)a.Url), change: o => o with { ShutdownTimeout = TimeSpan.FromSeconds(2), MetricsPort = 0 });

    private static async Task ReadyAsync(TestSidecar sidecar, string app)
    {
        using var http = sidecar.Http(app);
        while (await http.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync() != 204)
        {
            await Task.Delay(10, TestSidecar.Cancellation);
        }
    }
}
