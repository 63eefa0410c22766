using System.Globalization;
using System.Net;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Event = Dapr.Client.Autogen.Grpc.v1.SubscribeActorEventsResponseAlpha1;
using Said = Dapr.Client.Autogen.Grpc.v1.SubscribeActorEventsRequestAlpha1;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Actors of an app that speaks gRPC, which hosts them by a stream that it opens (<c>SubscribeActorEventsAlpha1</c>).</summary>
/// <param name="fixture">The engine.</param>
/// <param name="isHeard">Whether an app can cancel what fires by its answer.</param>
public abstract class ActorStreamSuite(EngineFixture fixture, bool isHeard)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stream_OfAnAppThatSpeaksHttp_IsRefused()
    {
        var dapr = await fixture.RunningAsync();
        Assert.Equal("FailedPrecondition: actor callback streaming requires a gRPC app channel", await RefusalAsync(dapr, "alpha", new Said { InitialRequest = new() { Entities = { "s-none" } } }));
    }

    [Fact]
    public async Task Stream_ThatDoesNotBeginWithItsTypes_IsRefused()
    {
        var dapr = await fixture.RunningAsync();
        Assert.Equal("InvalidArgument: first message must be SubscribeActorEventsRequestInitialAlpha1", await RefusalAsync(dapr, "gamma", new Said { InvokeResponse = new() { Id = "1" } }));
    }

    [Fact]
    public async Task Invoke_ComesByTheStream_AndItsAnswerGoesBack()
    {
        var dapr = await fixture.RunningAsync();
        await using var host = await ActorStreamHost.OpenAsync(dapr, new() { Entities = { "s-invoked" } }, Cancellation);
        host.Answers = asked => asked.InvokeRequest is not { } call ? ActorStreamHost.Done(asked) : new() { InvokeResponse = new() { Id = call.Id, Data = ByteString.CopyFromUtf8($"{call.ActorId} {call.Method} {call.Data.ToStringUtf8()}"), Metadata = { ["content-type"] = "text/x-done", ["x-said"] = "yes" } } };
        using var client = dapr.Client("gamma");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1.0/actors/s-invoked/a%20b/method/m%20m?q=1") { Content = new StringContent("hello", System.Text.Encoding.UTF8, "text/x-asked") };
        request.Headers.Add("X-Custom", "mine");

        using var answer = await client.SendAsync(request, Cancellation);

        var seen = (await host.NextAsync(Cancellation)).InvokeRequest;
        Assert.Equal((HttpStatusCode.OK, "a b m m hello"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation)));
        Assert.Equal(("text/x-done", "yes"), (answer.Content.Headers.ContentType?.MediaType, answer.Headers.GetValues("x-said").Single()));
        Assert.Equal(("s-invoked", "a b", "m m", "hello"), (seen.ActorType, seen.ActorId, seen.Method, seen.Data.ToStringUtf8()));
        Assert.Equal(("mine", "text/x-asked; charset=utf-8", "gamma"), (seen.Metadata["X-Custom"], seen.Metadata["Content-Type"], seen.Metadata["dapr-caller-app-id"]));

        var byGrpc = await dapr.Grpc("gamma").InvokeActorAsync(new() { ActorType = "s-invoked", ActorId = "2", Method = "n", Data = ByteString.CopyFromUtf8("x"), Metadata = { ["x-custom"] = "mine" } }, Running.Token, cancellationToken: Cancellation);
        Assert.Equal("2 n x", byGrpc.Data.ToStringUtf8());
        Assert.Equal("mine", (await host.NextAsync(Cancellation)).InvokeRequest.Metadata["x-custom"]);
    }

    [Fact]
    public async Task Invoke_ThatTheAppRefuses_IsTold()
    {
        var dapr = await fixture.RunningAsync();
        await using var host = await ActorStreamHost.OpenAsync(dapr, new() { Entities = { "s-refused" } }, Cancellation);
        host.Answers = asked => asked.InvokeRequest switch
        {
            { Method: "missing" } call => new() { RequestFailed = new() { Id = call.Id, Code = (uint)StatusCode.NotFound, Message = "no such method" } },
            { Method: "broken" } call => new() { RequestFailed = new() { Id = call.Id, Code = (uint)StatusCode.Aborted, Message = "it broke" } },
            { Method: "thrown" } call => new() { InvokeResponse = new() { Id = call.Id, Data = ByteString.CopyFromUtf8("boom"), Error = true, Metadata = { ["content-type"] = "text/plain" } } },
            { Method: "confused" } call => new() { TimerResponse = new() { Id = call.Id } },
            _ => ActorStreamHost.Done(asked),
        };
        using var client = dapr.Client("gamma");
        var told = new List<string>();
        foreach (var method in (string[])["missing", "broken", "thrown", "confused"])
        {
            using var answer = await client.PostAsync($"/v1.0/actors/s-refused/1/method/{method}", null, Cancellation);
            told.Add($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(Cancellation)} {(answer.Headers.TryGetValues("X-DaprErrorResponseHeader", out var error) ? error.Single() : "")}".TrimEnd());
            try
            {
                var said = await dapr.Grpc("gamma").InvokeActorAsync(new() { ActorType = "s-refused", ActorId = "1", Method = method }, Running.Token, cancellationToken: Cancellation);
                told.Add(said.Data.ToStringUtf8());
            }
            catch (RpcException refused)
            {
                told.Add($"{refused.StatusCode}: {refused.Status.Detail}");
            }
        }

        Assert.Equal(
            [
                """500 {"errorCode":"ERR_ACTOR_INVOKE_METHOD","message":"error invoke actor method: actor method not found: missing"}""",
                "Internal: error invoke actor method: actor method not found: missing",
                """500 {"errorCode":"ERR_ACTOR_INVOKE_METHOD","message":"error invoke actor method: error from actor service: it broke"}""",
                "Internal: error invoke actor method: error from actor service: it broke",
                "200 boom true",
                "boom",
                """500 {"errorCode":"ERR_ACTOR_INVOKE_METHOD","message":"error invoke actor method: actor host returned an unexpected response type for invoke"}""",
                "Internal: error invoke actor method: actor host returned an unexpected response type for invoke",
            ],
            told);
    }

    [Fact]
    public async Task Reminder_ComesByTheStream_AgainWhenTheAppFails()
    {
        var dapr = await fixture.RunningAsync();
        await using var host = await ActorStreamHost.OpenAsync(dapr, new() { Entities = { "s-reminded" } }, Cancellation);
        var times = 0;
        host.Answers = asked => asked.ReminderRequest is { } fired && ++times == 1 ? new() { RequestFailed = new() { Id = fired.Id, Message = "not yet" } } : ActorStreamHost.Done(asked);
        using var client = dapr.Client("gamma");
        using var set = await client.PostAsync("/v1.0/actors/s-reminded/1/reminders/r", Running.Json("""{"dueTime":"0s","data":{"a":1}}"""), Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, set.StatusCode);
        for (var i = 0; i < 2; i++)
        {
            var fired = (await host.NextAsync(Cancellation)).ReminderRequest;
            Assert.Equal(("s-reminded", "1", "r", "", ""), (fired.ActorType, fired.ActorId, fired.Name, fired.DueTime, fired.Period));
            Assert.Equal("""{"a":1}""", fired.Data.Unpack<BytesValue>().Value.ToStringUtf8());
            Assert.Empty(fired.Metadata);
        }
    }

    /// <summary>What each engine makes of it stands in docs/dapr-compatibility.md.</summary>
    [Fact]
    public async Task Cancel_OfATimerAndOfAReminder_EndsThemWhereItIsHeard()
    {
        var dapr = await fixture.RunningAsync();
        await using var host = await ActorStreamHost.OpenAsync(dapr, new() { Entities = { "s-cancelled" } }, Cancellation);
        host.Answers = asked => asked switch
        {
            { TimerRequest: { Name: "t" } fired } => new() { TimerResponse = new() { Id = fired.Id, Cancel = true } },
            { ReminderRequest: { Name: "r" } fired } => new() { ReminderResponse = new() { Id = fired.Id, Cancel = true } },
            _ => ActorStreamHost.Done(asked),
        };
        var (api, token) = (dapr.Grpc("gamma"), Running.Token);
        await api.RegisterActorTimerAsync(new() { ActorType = "s-cancelled", ActorId = "1", Name = "t", DueTime = "0s", Period = "500ms" }, token, cancellationToken: Cancellation);
        await api.RegisterActorReminderAsync(new() { ActorType = "s-cancelled", ActorId = "1", Name = "r", DueTime = "0s", Period = "1s" }, token, cancellationToken: Cancellation);
        await api.RegisterActorReminderAsync(new() { ActorType = "s-cancelled", ActorId = "1", Name = "end", DueTime = "2500ms" }, token, cancellationToken: Cancellation);
        var (timers, reminders) = (0, 0);
        for (var asked = await host.NextAsync(Cancellation); asked.ReminderRequest?.Name != "end"; asked = await host.NextAsync(Cancellation))
        {
            (timers, reminders) = asked.TimerRequest is null ? (timers, reminders + 1) : (timers + 1, reminders);
        }

        Assert.Equal((isHeard, isHeard), (timers == 1, reminders == 1));
    }

    [Fact]
    public async Task Actor_ThatIsIdle_IsDeactivatedByTheStream()
    {
        var dapr = await fixture.RunningAsync();
        await using var host = await ActorStreamHost.OpenAsync(dapr, new() { Entities = { "s-idle" }, EntitiesConfig = { new ActorEntityConfig { Entities = { "s-idle" }, ActorIdleTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)) } } }, Cancellation);
        var seen = (await host.NextAsync(Cancellation)).DeactivateRequest;
        Assert.Equal(("s-idle", "first"), (seen.ActorType, seen.ActorId));
    }

    [Fact]
    public async Task Reentrancy_TellsTheChain_AndMayComeBack()
    {
        var dapr = await fixture.RunningAsync();
        await using var host = await ActorStreamHost.OpenAsync(dapr, new() { Entities = { "s-again" }, Reentrancy = new ActorReentrancyConfig { Enabled = true } }, Cancellation);
        host.Answers = asked => asked.InvokeRequest is { Method: "outer" } ? null : ActorStreamHost.Done(asked);
        var outer = dapr.Grpc("gamma").InvokeActorAsync(new() { ActorType = "s-again", ActorId = "1", Method = "outer" }, Running.Token, cancellationToken: Cancellation);
        var asked = (await host.NextAsync(Cancellation)).InvokeRequest;
        var chain = asked.Metadata["Dapr-Reentrancy-Id"];
        await dapr.Grpc("gamma").InvokeActorAsync(new() { ActorType = "s-again", ActorId = "1", Method = "inner", Metadata = { ["Dapr-Reentrancy-Id"] = chain } }, Running.Token, cancellationToken: Cancellation);
        await host.SayAsync(new() { InvokeResponse = new() { Id = asked.Id } });
        await outer;
        Assert.Equal(chain, (await host.NextAsync(Cancellation)).InvokeRequest.Metadata["Dapr-Reentrancy-Id"]);
    }

    [Fact]
    public async Task State_OfAnActorInTheStream_IsTheApps()
    {
        var dapr = await fixture.RunningAsync();
        await using var host = await ActorStreamHost.OpenAsync(dapr, new() { Entities = { "s-stated" } }, Cancellation);
        var api = dapr.Grpc("gamma");
        await api.ExecuteActorStateTransactionAsync(
            new() { ActorType = "s-stated", ActorId = "first", Operations = { new TransactionalActorStateOperation { OperationType = "upsert", Key = "k", Value = new Any { Value = ByteString.CopyFromUtf8("1") } } } }, Running.Token, cancellationToken: Cancellation);
        Assert.Equal("1", (await api.GetActorStateAsync(new() { ActorType = "s-stated", ActorId = "first", Key = "k" }, Running.Token, cancellationToken: Cancellation)).Data.ToStringUtf8());
        using var client = dapr.Client("gamma");
        Assert.Contains("s-stated", await client.GetStringAsync("/v1.0/metadata", Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stream_ThatBreaks_FailsItsCalls_AndTheNextTakesOver()
    {
        var dapr = await fixture.RunningAsync();
        await using (var host = await ActorStreamHost.OpenAsync(dapr, new() { Entities = { "s-broken" } }, Cancellation))
        {
            host.Answers = _ => null;
            var call = dapr.Grpc("gamma").InvokeActorAsync(new() { ActorType = "s-broken", ActorId = "1", Method = "m" }, Running.Token, cancellationToken: Cancellation);
            await host.NextAsync(Cancellation);
            await host.BreakOffAsync();
            var failed = await Assert.ThrowsAsync<RpcException>(async () => await call);
            Assert.True(failed.StatusCode is StatusCode.Internal or StatusCode.Unavailable, failed.Status.ToString());
        }

        await using var next = await ActorStreamHost.OpenAsync(dapr, new() { Entities = { "s-broken" } }, Cancellation);
        await dapr.Grpc("gamma").InvokeActorAsync(new() { ActorType = "s-broken", ActorId = "1", Method = "n" }, Running.Token, cancellationToken: Cancellation);
        Assert.Equal("n", (await next.NextAsync(Cancellation)).InvokeRequest.Method);
    }

    [Fact]
    public async Task Calls_OfOneActor_ComeOneAfterTheOther()
    {
        var dapr = await fixture.RunningAsync();
        await using var host = await ActorStreamHost.OpenAsync(dapr, new() { Entities = { "s-turns" } }, Cancellation);
        host.Answers = _ => null;
        var calls = Enumerable.Range(0, 3).Select(i => dapr.Grpc("gamma").InvokeActorAsync(
            new() { ActorType = "s-turns", ActorId = "1", Method = i.ToString(CultureInfo.InvariantCulture) }, Running.Token, cancellationToken: Cancellation).ResponseAsync).ToArray();
        for (var i = 0; i < calls.Length; i++)
        {
            var asked = await host.NextAsync(Cancellation);
            Assert.False(host.HasSeen(_ => true));
            await host.SayAsync(ActorStreamHost.Done(asked));
        }

        await Task.WhenAll(calls);
    }

    private static async Task<string> RefusalAsync(Running dapr, string appId, Said first)
    {
        using var call = dapr.Grpc(appId).SubscribeActorEventsAlpha1(Running.Token, cancellationToken: Cancellation);
        try
        {
            await call.RequestStream.WriteAsync(first, Cancellation);
        }
        catch (Exception error) when (error is RpcException or InvalidOperationException)
        {
            // Refused before this was read: the answer says why.
        }

        var refused = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Cancellation));
        return $"{refused.StatusCode}: {refused.Status.Detail}";
    }
}

public sealed class EmbeddedActorStreamTests(EmbeddedFixture fixture) : ActorStreamSuite(fixture, isHeard: true)
{
    private readonly EmbeddedFixture _fixture = fixture;

    /// <summary>daprd 1.18.0 sends the same where it sends anything: in one run of three a timer of such a host never fires.</summary>
    [Fact]
    public async Task Timer_ComesByTheStream()
    {
        var (dapr, cancellation) = (await _fixture.RunningAsync(), TestContext.Current.CancellationToken);
        await using var host = await ActorStreamHost.OpenAsync(dapr, new() { Entities = { "s-timed" } }, cancellation);
        var api = dapr.Grpc("gamma");
        await api.RegisterActorTimerAsync(new() { ActorType = "s-timed", ActorId = "1", Name = "t", DueTime = "50ms", Period = "R2/PT1S", Callback = "cb", Data = ByteString.CopyFromUtf8("hi") }, Running.Token, cancellationToken: cancellation);
        var first = (await host.NextAsync(cancellation)).TimerRequest;
        Assert.Equal(("s-timed", "1", "t", "50ms", "R2/PT1S", "cb"), (first.ActorType, first.ActorId, first.Name, first.DueTime, first.Period, first.Callback));
        Assert.Equal("\"aGk=\"", first.Data.Unpack<BytesValue>().Value.ToStringUtf8());
        Assert.Empty(first.Metadata);
        Assert.Equal("t", (await host.NextAsync(cancellation)).TimerRequest.Name);
        await api.RegisterActorTimerAsync(new() { ActorType = "s-timed", ActorId = "1", Name = "bare", DueTime = "50ms" }, Running.Token, cancellationToken: cancellation);
        var bare = (await host.NextAsync(cancellation)).TimerRequest;
        Assert.Equal(("bare", "", null), (bare.Name, bare.Period, bare.Data));
    }

    /// <summary>As docs/dapr-compatibility.md says.</summary>
    [Fact]
    public async Task Streams_OfOneApp_EachHasItsTypes_AndTheLastThatNamesOneHasIt()
    {
        var (dapr, cancellation) = (await _fixture.RunningAsync(), TestContext.Current.CancellationToken);
        Task CallAsync(string type, string method) => dapr.Grpc("gamma").InvokeActorAsync(new() { ActorType = type, ActorId = "1", Method = method }, Running.Token, cancellationToken: cancellation).ResponseAsync;
        await using var first = await ActorStreamHost.OpenAsync(dapr, new() { Entities = { "s-one", "s-both" } }, cancellation);
        await using (var last = await ActorStreamHost.OpenAsync(dapr, new() { Entities = { "s-both" } }, cancellation))
        {
            await CallAsync("s-one", "a");
            await CallAsync("s-both", "b");
            Assert.Equal("b", (await last.NextAsync(cancellation)).InvokeRequest.Method);
            Assert.True(first.HasSeen(e => e.InvokeRequest?.Method == "a"));
            Assert.False(first.HasSeen(e => e.InvokeRequest?.Method == "b"));
        }

        await Eventually.HoldsAsync(async () =>
        {
            try
            {
                await CallAsync("s-both", "c");
                return first.HasSeen(e => e.InvokeRequest?.Method == "c");
            }
            catch (RpcException)
            {
                // The stream that ended was not seen to yet.
                return false;
            }
        }, cancellation);
    }
}

[Trait("Category", "Engines")]
public sealed class DaprdActorStreamTests(DaprdFixture fixture) : ActorStreamSuite(fixture, isHeard: false);
