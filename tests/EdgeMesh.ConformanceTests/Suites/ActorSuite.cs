using System.Net;
using EdgeMesh.ConformanceTests.Apps;
using EdgeMesh.ConformanceTests.Engines;
using Grpc.Core;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Calls of actors: what the app gets, what its answer becomes, whose turn it is. Each test has an actor of its own.</summary>
public abstract class ActorSuite(EngineFixture fixture)
{
    private const string Reentrancy = "Dapr-Reentrancy-Id";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    public async Task Invoke_AnyVerb_IsAPutOfTheAppWithHeadersBodyAndQuery(string verb)
    {
        var dapr = await fixture.RunningAsync();
        var actor = "plain/verb-" + verb;
        dapr.Alpha.Answer(actor + "/method/m", _ => Results.Text("done", "text/x-done"));
        using var client = dapr.Client();
        using var request = new HttpRequestMessage(new HttpMethod(verb), $"/v1.0/actors/{actor}/method/m?a=1") { Content = verb == "GET" ? null : new StringContent("hello") };
        request.Headers.Add("X-DaprRequestHeader", "aGk=");

        using var answer = await client.SendAsync(request, Cancellation);

        Assert.Equal((HttpStatusCode.OK, "done"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation)));
        Assert.Equal("text/x-done", answer.Content.Headers.ContentType?.MediaType);
        var seen = await dapr.Alpha.NextAsync(actor + "/method/m", Cancellation);
        Assert.Equal(verb == "GET" ? "" : "hello", System.Text.Encoding.UTF8.GetString(seen.Body));
        Assert.Equal("aGk=", seen.Headers["X-DaprRequestHeader"]);
        Assert.Equal("alpha", seen.Headers["dapr-caller-app-id"]);
        Assert.False(seen.Headers.ContainsKey(Reentrancy));
    }

    [Theory]
    [InlineData("PATCH", "plain/1/method/m")]
    [InlineData("OPTIONS", "plain/1/method/m")]
    [InlineData("PUT", "plain/1/method/a/b")]
    [InlineData("PUT", "plain/1/method/")]
    [InlineData("GET", "plain/1")]
    [InlineData("DELETE", "plain/1/state/k")]
    [InlineData("GET", "plain/1/timers/t")]
    [InlineData("DELETE", "plain/reminders")]
    public async Task Route_ThatActorsDoNotHave_Is404(string verb, string path)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.SendAsync(new HttpRequestMessage(new HttpMethod(verb), "/v1.0/actors/" + path), Cancellation);
        Assert.Equal((HttpStatusCode.NotFound, "ERR_DIRECT_INVOKE"), (answer.StatusCode, await StateSuite.ErrorCodeAsync(answer)));
    }

    [Theory]
    [InlineData("a%2Fb/method/m")]
    [InlineData("a%3Fb/method/m")]
    [InlineData("a%23b/method/m")]
    [InlineData("a%5Cb/method/m")]
    [InlineData("a%09b/method/m")]
    [InlineData("1/method/a%3Fb")]
    public async Task Name_ThatWouldEndItsSegment_Is400(string path)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PutAsync("/v1.0/actors/plain/" + path, null, Cancellation);
        Assert.Equal((HttpStatusCode.BadRequest, "ERR_BAD_REQUEST"), (answer.StatusCode, await StateSuite.ErrorCodeAsync(answer)));
    }

    [Theory]
    [InlineData("with blank")]
    [InlineData("é")]
    [InlineData("a||b")]
    [InlineData("a:b;c*d+e")]
    public async Task Name_OfOtherSigns_ReachesTheApp(string id)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PutAsync($"/v1.0/actors/plain/{Uri.EscapeDataString(id)}/method/m", null, Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await dapr.Alpha.NextAsync($"plain/{id}/method/m", Cancellation);
    }

    [Theory]
    [InlineData(201)]
    [InlineData(204)]
    [InlineData(301)]
    [InlineData(400)]
    [InlineData(409)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Invoke_AnswerThatIsNot200_Is500WithTheAnswerInIt(int status)
    {
        var dapr = await fixture.RunningAsync();
        var actor = "plain/status-" + status;
        dapr.Alpha.Answer(actor + "/method/m", _ => status == 204 ? Results.NoContent() : Results.Text("why", statusCode: status));
        using var client = dapr.Client();

        using var answer = await client.PutAsync($"/v1.0/actors/{actor}/method/m", null, Cancellation);

        Assert.Equal(HttpStatusCode.InternalServerError, answer.StatusCode);
        var body = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.Equal($$"""{"errorCode":"ERR_ACTOR_INVOKE_METHOD","message":"error invoke actor method: error from actor service: ({{status}}) {{(status == 204 ? "" : "why")}}"}""", body);
    }

    [Fact]
    public async Task Invoke_MethodThatTheAppDoesNotKnow_IsTold()
    {
        var dapr = await fixture.RunningAsync();
        dapr.Alpha.Answer("plain/missing/method/m", _ => Results.NotFound());
        using var client = dapr.Client();

        using var answer = await client.PutAsync("/v1.0/actors/plain/missing/method/m", null, Cancellation);

        Assert.Contains("actor method not found: actors/plain/missing/method/m", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Invoke_ErrorOfTheActorItself_IsPassedOnWithItsHeader()
    {
        var dapr = await fixture.RunningAsync();
        dapr.Alpha.Answer("plain/throws/method/m", d => new ActorError());
        using var client = dapr.Client();

        using var answer = await client.PutAsync("/v1.0/actors/plain/throws/method/m", null, Cancellation);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("boom", await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Equal("true", answer.Headers.GetValues("X-DaprErrorResponseHeader").Single());
    }

    [Fact]
    public async Task Invoke_TypeThatNobodyHosts_Is500ByHttpAndFailedPreconditionByGrpc()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();

        using var answer = await client.PutAsync("/v1.0/actors/nosuch/1/method/m", null, Cancellation);
        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await dapr.Grpc().InvokeActorAsync(new() { ActorType = "nosuch", ActorId = "1", Method = "m" }, Running.Token, cancellationToken: Cancellation));

        Assert.Equal((HttpStatusCode.InternalServerError, "ERR_ACTOR_INVOKE_METHOD"), (answer.StatusCode, await StateSuite.ErrorCodeAsync(answer)));
        Assert.Equal(StatusCode.FailedPrecondition, error.StatusCode);
        Assert.Contains("did not find address for actor 'nosuch/1'", error.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GrpcInvoke_DataAndMetadata_ReachTheAppAndItsAnswerComesBack()
    {
        var dapr = await fixture.RunningAsync();
        dapr.Alpha.Answer("plain/grpc/method/m", d => Results.Bytes(d.Body));
        var request = new Dapr.Client.Autogen.Grpc.v1.InvokeActorRequest { ActorType = "plain", ActorId = "grpc", Method = "m", Data = ByteString.CopyFrom(0, 255, 7), Metadata = { ["x-custom"] = "c" } };

        var answer = await dapr.Grpc().InvokeActorAsync(request, Running.Token, cancellationToken: Cancellation);

        Assert.Equal([0, 255, 7], answer.Data.ToByteArray());
        var seen = await dapr.Alpha.NextAsync("plain/grpc/method/m", Cancellation);
        Assert.Equal(("c", "alpha"), (seen.Headers["x-custom"], seen.Headers["dapr-caller-app-id"]));
    }

    [Fact]
    public async Task GrpcInvoke_RefusedByTheApp_IsInternal()
    {
        var dapr = await fixture.RunningAsync();
        dapr.Alpha.Answer("plain/grpc-500/method/m", _ => Results.Text("why", statusCode: 500));

        var error = await Assert.ThrowsAsync<RpcException>(async () =>
            await dapr.Grpc().InvokeActorAsync(new() { ActorType = "plain", ActorId = "grpc-500", Method = "m" }, Running.Token, cancellationToken: Cancellation));

        Assert.Equal((StatusCode.Internal, "error invoke actor method: error from actor service: (500) why"), (error.StatusCode, error.Status.Detail));
    }

    [Fact]
    public async Task Invoke_ByAnotherApp_ReachesTheHost()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client("beta");
        using var answer = await client.PutAsync("/v1.0/actors/plain/from-beta/method/m", null, Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        await dapr.Alpha.NextAsync("plain/from-beta/method/m", Cancellation);
    }

    [Fact]
    public async Task Invoke_TypeOfTwoApps_ReachesTheSameOneFromBoth()
    {
        var dapr = await fixture.RunningAsync();
        using var alpha = dapr.Client();
        using var beta = dapr.Client("beta");
        var owners = new List<bool>();
        for (var i = 0; i < 32; i++)
        {
            var path = $"shared/{i}/method/m";
            using var first = await alpha.PutAsync("/v1.0/actors/" + path, null, Cancellation);
            using var second = await beta.PutAsync("/v1.0/actors/" + path, null, Cancellation);
            Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
            owners.Add(dapr.Alpha.HasDelivery(path));
            Assert.NotEqual(dapr.Alpha.HasDelivery(path), dapr.Beta.HasDelivery(path));
        }

        Assert.Contains(true, owners);
        Assert.Contains(false, owners);
    }

    [Fact]
    public async Task Invoke_OneActorAtATime_OthersInParallel()
    {
        var dapr = await fixture.RunningAsync();
        var (first, free) = (new TaskCompletionSource(), new TaskCompletionSource());
        dapr.Alpha.Answer("plain/turns/method/slow", async _ =>
        {
            first.TrySetResult();
            await free.Task;
            return Results.Ok();
        });
        using var client = dapr.Client();

        var slow = client.PutAsync("/v1.0/actors/plain/turns/method/slow", null, Cancellation);
        await first.Task.WaitAsync(Cancellation);
        var waits = client.PutAsync("/v1.0/actors/plain/turns/method/next", null, Cancellation);
        using var other = await client.PutAsync("/v1.0/actors/plain/turns-other/method/next", null, Cancellation);
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        Assert.False(dapr.Alpha.HasDelivery("plain/turns/method/next"));
        free.SetResult();

        using var slowAnswer = await slow;
        using var waited = await waits;
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (slowAnswer.StatusCode, waited.StatusCode));
    }

    [Fact]
    public async Task Reentrancy_WithinTheLimit_ComesBackWithTheSameId()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        dapr.Alpha.Answer("reentrant/in/method/outer", d => PassAsync(client, "reentrant/in/method/inner", d.Headers[Reentrancy]));

        using var answer = await client.PutAsync("/v1.0/actors/reentrant/in/method/outer", null, Cancellation);

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var outer = await dapr.Alpha.NextAsync("reentrant/in/method/outer", Cancellation);
        var inner = await dapr.Alpha.NextAsync("reentrant/in/method/inner", Cancellation);
        Assert.NotEmpty(outer.Headers[Reentrancy]);
        Assert.Equal(outer.Headers[Reentrancy], inner.Headers[Reentrancy]);
    }

    [Fact]
    public async Task Reentrancy_OverTheLimit_Is500WithDaprsCode()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var calls = 0;
        dapr.Alpha.Answer("reentrant/deep/method/m", d =>
        {
            calls++;
            return PassAsync(client, "reentrant/deep/method/m", d.Headers[Reentrancy]);
        });

        using var answer = await client.PutAsync("/v1.0/actors/reentrant/deep/method/m", null, Cancellation);

        Assert.Contains("ERR_ACTOR_STACK_DEPTH", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal(3, calls);
    }

    [Fact]
    public async Task Idle_ForItsTime_IsDeactivatedAndActivatedAgainByTheNextCall()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var first = await client.PutAsync("/v1.0/actors/idle/sleeper/method/m", null, Cancellation);

        await dapr.Alpha.NextAsync("gone/idle/sleeper", Cancellation);
        using var again = await client.PutAsync("/v1.0/actors/idle/sleeper/method/m", null, Cancellation);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (first.StatusCode, again.StatusCode));
    }

    [Fact]
    public async Task Metadata_ByHttpAndGrpc_CountsActiveActorsByType()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var active = await client.PutAsync("/v1.0/actors/reentrant/counted/method/m", null, Cancellation);

        var http = System.Text.Json.JsonDocument.Parse(await client.GetStringAsync("/v1.0/metadata", Cancellation)).RootElement;
        var grpc = await dapr.Grpc().GetMetadataAsync(new(), Running.Token, cancellationToken: Cancellation);

        var types = http.GetProperty("actors").EnumerateArray().ToDictionary(a => a.GetProperty("type").GetString()!, a => a.TryGetProperty("count", out var count) ? count.GetInt32() : 0);
        Assert.Equal(["idle", "plain", "reentrant", "shared"], types.Keys.Order(StringComparer.Ordinal));
        Assert.True(types["reentrant"] > 0);
        Assert.Equal(("RUNNING", true), (http.GetProperty("actorRuntime").GetProperty("runtimeStatus").GetString(), http.GetProperty("actorRuntime").GetProperty("hostReady").GetBoolean()));
        Assert.True(grpc.ActorRuntime.ActiveActors.Single(a => a.Type == "reentrant").Count > 0);
    }

    /// <summary>The actor calls on, and answers with what it got.</summary>
    private static async Task<IResult> PassAsync(HttpClient client, string path, string chain)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1.0/actors/" + path);
        request.Headers.Add(Reentrancy, chain);
        using var answer = await client.SendAsync(request, Cancellation);
        return Results.Text(await answer.Content.ReadAsStringAsync(Cancellation));
    }

    private sealed class ActorError : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.Headers["X-DaprErrorResponseHeader"] = "true";
            return httpContext.Response.WriteAsync("boom", httpContext.RequestAborted);
        }
    }
}

public sealed class EmbeddedActorTests(EmbeddedFixture fixture) : ActorSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdActorTests(DaprdFixture fixture) : ActorSuite(fixture);
