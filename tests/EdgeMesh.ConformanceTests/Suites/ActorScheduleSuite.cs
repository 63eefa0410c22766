using System.Net;
using System.Text;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Timers and reminders, on a clock that no test can move: so short times, and nothing is said of when but that it comes.</summary>
public abstract class ActorScheduleSuite(EngineFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Timer_WithDataAndCallback_CallsTheAppAgainAndAgainUntilItIsDeleted()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        const string path = "/v1.0/actors/plain/timed/timers/t";

        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(client, path, """{"dueTime":"50ms","period":"100ms","data":{"x":1},"callback":"cb","ttl":null}"""));
        var first = await dapr.Alpha.NextAsync("plain/timed/method/timer/t", Cancellation);
        await dapr.Alpha.NextAsync("plain/timed/method/timer/t", Cancellation);
        using var deleted = await client.DeleteAsync(path, Cancellation);

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal("""{"data":{"x":1},"callback":"cb","dueTime":"50ms","period":"100ms"}""", Encoding.UTF8.GetString(first.Body));
        Assert.Equal("application/json", first.ContentType);
    }

    [Theory]
    [InlineData("""{}""", """{"callback":"","dueTime":"","period":""}""")]
    [InlineData("""{"dueTime":"0h0m0s50ms","data":"AQI="}""", """{"data":"AQI=","callback":"","dueTime":"0h0m0s50ms","period":""}""")]
    [InlineData("""{"dueTime":"PT0S"}""", """{"callback":"","dueTime":"PT0S","period":""}""")]
    [InlineData("""{"dueTime":"2001-01-01T00:00:00Z"}""", """{"callback":"","dueTime":"2001-01-01T00:00:00Z","period":""}""")]
    public async Task Timer_WithoutAPeriod_FiresOnce(string body, string seen)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        var id = "once-" + Guid.NewGuid().ToString("N");

        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(client, $"/v1.0/actors/plain/{id}/timers/t", body));

        Assert.Equal(seen, Encoding.UTF8.GetString((await dapr.Alpha.NextAsync($"plain/{id}/method/timer/t", Cancellation)).Body));
    }

    [Fact]
    public async Task Timer_WithRepetitions_FiresSoOften()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();

        // The second one fires later than the first could a third time.
        await PostAsync(client, "/v1.0/actors/plain/twice/timers/t", """{"dueTime":"0s","period":"R2/PT1S"}""");
        await PostAsync(client, "/v1.0/actors/plain/twice/timers/end", """{"dueTime":"2500ms"}""");

        await dapr.Alpha.NextAsync("plain/twice/method/timer/t", Cancellation);
        await dapr.Alpha.NextAsync("plain/twice/method/timer/t", Cancellation);
        await dapr.Alpha.NextAsync("plain/twice/method/timer/end", Cancellation);
        Assert.False(dapr.Alpha.HasDelivery("plain/twice/method/timer/t"));
    }

    [Theory]
    [InlineData("""{"dueTime":"frob"}""", 500, "ERR_ACTOR_TIMER_CREATE")]
    [InlineData("""{"period":"frob"}""", 500, "ERR_ACTOR_TIMER_CREATE")]
    [InlineData("""{"ttl":"frob"}""", 500, "ERR_ACTOR_TIMER_CREATE")]
    [InlineData("""{"ttl":"-1s"}""", 500, "ERR_ACTOR_TIMER_CREATE")]
    [InlineData("""{"period":"R0/PT1S"}""", 500, "ERR_ACTOR_TIMER_CREATE")]
    [InlineData("""{"dueTime":"PT0.2S"}""", 500, "ERR_ACTOR_TIMER_CREATE")]
    [InlineData("""{"dueTime":"@every 1s"}""", 500, "ERR_ACTOR_TIMER_CREATE")]
    [InlineData("""{"dueTime":"1s","ttl":"2001-01-01T00:00:00Z"}""", 500, "ERR_ACTOR_TIMER_CREATE")]
    [InlineData("""{"dueTime":"1h","ttl":"-1s"}""", 500, "ERR_ACTOR_TIMER_CREATE")]
    [InlineData("""{"dueTime":5}""", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("{", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("", 400, "ERR_MALFORMED_REQUEST")]
    public async Task Timer_ThatCanNotBe_IsRefused(string body, int status, string code)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PostAsync("/v1.0/actors/plain/refused/timers/t", Running.Json(body), Cancellation);
        Assert.Equal((status, code), ((int)answer.StatusCode, await StateSuite.ErrorCodeAsync(answer)));
    }

    [Fact]
    public async Task Timer_OfATypeThatTheAppDoesNotHost_IsRefusedAndItsDeletionIsNot()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client("beta");
        using var answer = await client.PostAsync("/v1.0/actors/plain/1/timers/t", Running.Json("""{"dueTime":"1h"}"""), Cancellation);
        using var deleted = await client.DeleteAsync("/v1.0/actors/plain/1/timers/t", Cancellation);
        Assert.Equal("ERR_ACTOR_TIMER_CREATE", await StateSuite.ErrorCodeAsync(answer));
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }

    [Fact]
    public async Task Reminder_WithData_CallsTheAppAgainAndAgainUntilItIsDeleted()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        const string path = "/v1.0/actors/plain/reminded/reminders/r";

        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(client, path, """{"dueTime":"50ms","period":"200ms","data":{"x":1}}"""));
        var first = await dapr.Alpha.NextAsync("plain/reminded/method/remind/r", Cancellation);
        await dapr.Alpha.NextAsync("plain/reminded/method/remind/r", Cancellation);
        using var deleted = await client.DeleteAsync(path, Cancellation);
        using var gone = await client.GetAsync(path, Cancellation);

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal("""{"data":{"x":1},"dueTime":"","period":""}""", Encoding.UTF8.GetString(first.Body));
        Assert.Equal((HttpStatusCode.NotFound, "ERR_ACTOR_REMINDER_NOT_FOUND"), (gone.StatusCode, await StateSuite.ErrorCodeAsync(gone)));
    }

    [Theory]
    [InlineData("""{"dueTime":"1h"}""", """{"actorID":"told","actorType":"plain","dueTime":"1h"}""")]
    [InlineData("""{"dueTime":"1h","period":"1h30m","ttl":"5h","data":0}""", """{"actorID":"told","actorType":"plain","data":0,"dueTime":"1h","period":"@every 1h30m0s"}""")]
    [InlineData("""{"period":"0h0m10s500ms","data":"AQI="}""", """{"actorID":"told","actorType":"plain","data":"AQI=","period":"@every 10.5s"}""")]
    [InlineData("""{"dueTime":"2040-01-01T00:00:00Z","period":"R5/PT1H","data":null}""", """{"actorID":"told","actorType":"plain","data":null,"dueTime":"2040-01-01T00:00:00Z","period":"@every 1h0m0s"}""")]
    public async Task Reminder_Registered_IsToldAsItIs(string body, string told)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(client, "/v1.0/actors/plain/told/reminders/r", body));
        Assert.Equal(told, (await client.GetStringAsync("/v1.0/actors/plain/told/reminders/r", Cancellation)).TrimEnd());
    }

    [Theory]
    [InlineData("""{}""", 500, "ERR_ACTOR_REMINDER_CREATE")]
    [InlineData("""{"dueTime":"frob"}""", 500, "ERR_ACTOR_REMINDER_CREATE")]
    [InlineData("""{"period":"frob"}""", 500, "ERR_ACTOR_REMINDER_CREATE")]
    [InlineData("""{"dueTime":"1h","period":"P1M"}""", 500, "ERR_ACTOR_REMINDER_CREATE")]
    [InlineData("""{"dueTime":"1h","period":"R5/P1DT2H"}""", 500, "ERR_ACTOR_REMINDER_CREATE")]
    [InlineData("""{"dueTime":"2s","ttl":"1s"}""", 500, "ERR_ACTOR_REMINDER_CREATE")]
    [InlineData("""{"period":"@every 1s"}""", 500, "ERR_ACTOR_REMINDER_CREATE")]
    [InlineData("""{"dueTime":"1h","period":"1m","ttl":"-1s"}""", 500, "ERR_ACTOR_REMINDER_CREATE")]
    [InlineData("""{"dueTime":"1h","overwrite":"no"}""", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("""{"dueTime":5}""", 400, "ERR_MALFORMED_REQUEST")]
    [InlineData("", 400, "ERR_MALFORMED_REQUEST")]
    public async Task Reminder_ThatCanNotBe_IsRefusedAndNotThere(string body, int status, string code)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        using var answer = await client.PostAsync("/v1.0/actors/plain/refused/reminders/r", Running.Json(body), Cancellation);
        using var got = await client.GetAsync("/v1.0/actors/plain/refused/reminders/r", Cancellation);
        Assert.Equal((status, code), ((int)answer.StatusCode, await StateSuite.ErrorCodeAsync(answer)));
        Assert.Equal(HttpStatusCode.NotFound, got.StatusCode);
    }

    [Fact]
    public async Task Reminder_WithTheNameOfAnother_TakesItsPlace()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        await PostAsync(client, "/v1.0/actors/plain/replaced/reminders/r", """{"dueTime":"1h","data":1}""");
        await PostAsync(client, "/v1.0/actors/plain/replaced/reminders/r", """{"dueTime":"50ms","data":2}""");

        var seen = await dapr.Alpha.NextAsync("plain/replaced/method/remind/r", Cancellation);

        Assert.Equal(2, seen.Json.GetProperty("data").GetInt32());
        await Eventually.HoldsAsync(async () => (await client.GetAsync("/v1.0/actors/plain/replaced/reminders/r", Cancellation)).StatusCode == HttpStatusCode.NotFound, Cancellation);
    }

    [Fact]
    public async Task Reminder_NotToOverwrite_Is409AndLeavesTheOther()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        const string path = "/v1.0/actors/plain/kept-by-http/reminders/r";
        await PostAsync(client, path, """{"dueTime":"1h","data":1,"overwrite":false}""");

        var second = await Faults.OfAsync(client.PostAsync(path, Running.Json("""{"dueTime":"2h","overwrite":false}"""), Cancellation));

        Assert.Equal((409, "ERR_ACTOR_REMINDER_ALREADY_EXISTS", "actor reminder already exists: r"), second);
        Assert.Contains("\"1h\"", await client.GetStringAsync(path, Cancellation), StringComparison.Ordinal);
        using var deleted = await client.DeleteAsync(path, Cancellation);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task Reminder_OfATypeThatTheAppDoesNotHost_Is403(string verb)
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client("beta");
        using var request = new HttpRequestMessage(new HttpMethod(verb), "/v1.0/actors/plain/1/reminders/r") { Content = verb == "POST" ? Running.Json("""{"dueTime":"1h"}""") : null };
        using var answer = await client.SendAsync(request, Cancellation);
        Assert.Equal((HttpStatusCode.Forbidden, "ERR_ACTOR_REMINDER_NON_HOSTED"), (answer.StatusCode, await StateSuite.ErrorCodeAsync(answer)));
    }

    [Fact]
    public async Task Reminder_RefusedByTheApp_IsRepeatedThreeTimes()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        dapr.Alpha.Answer("plain/refuses/method/remind/r", _ => Results.StatusCode(500));

        await PostAsync(client, "/v1.0/actors/plain/refuses/reminders/r", """{"dueTime":"50ms"}""");

        for (var i = 0; i < 4; i++)
        {
            await dapr.Alpha.NextAsync("plain/refuses/method/remind/r", Cancellation);
        }

        await Eventually.HoldsAsync(async () => (await client.GetAsync("/v1.0/actors/plain/refuses/reminders/r", Cancellation)).StatusCode == HttpStatusCode.NotFound, Cancellation);
        Assert.False(dapr.Alpha.HasDelivery("plain/refuses/method/remind/r"));
    }

    [Fact]
    public async Task GrpcReminder_WithDropPolicy_IsNotRepeated()
    {
        var dapr = await fixture.RunningAsync();
        using var client = dapr.Client();
        dapr.Alpha.Answer("plain/dropped/method/remind/r", _ => Results.StatusCode(500));
        var request = Reminder("dropped", "r", "50ms");
        request.FailurePolicy = new JobFailurePolicy { Drop = new() };

        await dapr.Grpc().RegisterActorReminderAsync(request, Running.Token, cancellationToken: Cancellation);

        await dapr.Alpha.NextAsync("plain/dropped/method/remind/r", Cancellation);
        await Eventually.HoldsAsync(async () => (await client.GetAsync("/v1.0/actors/plain/dropped/reminders/r", Cancellation)).StatusCode == HttpStatusCode.NotFound, Cancellation);
        Assert.False(dapr.Alpha.HasDelivery("plain/dropped/method/remind/r"));
    }

    [Fact]
    public async Task GrpcReminder_Bytes_ReachTheAppAsBase64()
    {
        var dapr = await fixture.RunningAsync();
        var request = Reminder("bytes", "r", "50ms");
        request.Data = ByteString.CopyFrom(0, 255, 7);
        await dapr.Grpc().RegisterActorReminderAsync(request, Running.Token, cancellationToken: Cancellation);
        Assert.Equal("AP8H", (await dapr.Alpha.NextAsync("plain/bytes/method/remind/r", Cancellation)).Json.GetProperty("data").GetString());
    }

    [Fact]
    public async Task GrpcReminder_NotToOverwrite_IsAlreadyExists()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        await grpc.RegisterActorReminderAsync(Reminder("kept", "r", "1h"), Running.Token, cancellationToken: Cancellation);
        var second = Reminder("kept", "r", "2h");
        second.Overwrite = false;

        var error = await Assert.ThrowsAsync<RpcException>(async () => await grpc.RegisterActorReminderAsync(second, Running.Token, cancellationToken: Cancellation));
        var told = await grpc.GetActorReminderAsync(new() { ActorType = "plain", ActorId = "kept", Name = "r" }, Running.Token, cancellationToken: Cancellation);

        Assert.Equal(StatusCode.AlreadyExists, error.StatusCode);
        Assert.Equal("1h", told.DueTime);
    }

    [Fact]
    public async Task GrpcReminders_ListedAndDeletedByActorAndByType()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        foreach (var id in new[] { "l1", "l2" })
        {
            var request = Reminder(id, "r", "1h");
            request.ActorType = "shared";
            await grpc.RegisterActorReminderAsync(request, Running.Token, cancellationToken: Cancellation);
        }

        var all = await grpc.ListActorRemindersAsync(new() { ActorType = "shared" }, Running.Token, cancellationToken: Cancellation);
        await grpc.UnregisterActorRemindersByTypeAsync(new() { ActorType = "shared", ActorId = "l1" }, Running.Token, cancellationToken: Cancellation);
        var one = await grpc.ListActorRemindersAsync(new() { ActorType = "shared" }, Running.Token, cancellationToken: Cancellation);
        await grpc.UnregisterActorRemindersByTypeAsync(new() { ActorType = "shared" }, Running.Token, cancellationToken: Cancellation);
        var none = await grpc.ListActorRemindersAsync(new() { ActorType = "shared" }, Running.Token, cancellationToken: Cancellation);

        Assert.Equal(["l1", "l2"], all.Reminders.Select(r => r.Reminder.ActorId).Order(StringComparer.Ordinal));
        Assert.Equal(["l2"], one.Reminders.Select(r => r.Reminder.ActorId));
        Assert.Empty(none.Reminders);
    }

    [Fact]
    public async Task GrpcReminder_NotThereOrNotHosted_HasDaprsStatus()
    {
        var dapr = await fixture.RunningAsync();
        var missing = await Assert.ThrowsAsync<RpcException>(async () =>
            await dapr.Grpc().GetActorReminderAsync(new() { ActorType = "plain", ActorId = "1", Name = "none" }, Running.Token, cancellationToken: Cancellation));
        var foreign = await Assert.ThrowsAsync<RpcException>(async () =>
            await dapr.Grpc("beta").RegisterActorReminderAsync(Reminder("1", "r", "1h"), Running.Token, cancellationToken: Cancellation));
        Assert.Equal((StatusCode.NotFound, StatusCode.PermissionDenied), (missing.StatusCode, foreign.StatusCode));
    }

    private static RegisterActorReminderRequest Reminder(string id, string name, string due) => new() { ActorType = "plain", ActorId = id, Name = name, DueTime = due };

    private static async Task<HttpStatusCode> PostAsync(HttpClient client, string path, string body)
    {
        using var answer = await client.PostAsync(path, Running.Json(body), Cancellation);
        return answer.StatusCode;
    }
}

public sealed class EmbeddedActorScheduleTests(EmbeddedFixture fixture) : ActorScheduleSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdActorScheduleTests(DaprdFixture fixture) : ActorScheduleSuite(fixture);
