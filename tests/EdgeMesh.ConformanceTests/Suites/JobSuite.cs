using System.Net;
using System.Text;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.ConformanceTests.Engines;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.AspNetCore.Http;

namespace EdgeMesh.ConformanceTests.Suites;

/// <summary>Jobs: scheduled, told of, brought to the app, tried again.</summary>
public abstract class JobSuite(BlocksFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("once", """{"dueTime":"0s","data":{"a":[1,"two"]}}""", """{"a":[1,"two"]}""")]
    [InlineData("text", """{"dueTime":"1ms","data":"hi"}""", "\"hi\"")]
    [InlineData("number", """{"dueTime":"PT0S","data":5}""", "5")]
    [InlineData("past", """{"dueTime":"2020-01-01T00:00:00Z","data":true}""", "true")]
    [InlineData("typed", """{"dueTime":"0s","data":{"@type":"type.googleapis.com/google.protobuf.StringValue","value":"hi"}}""", """{"@type":"type.googleapis.com/google.protobuf.StringValue","value":"hi"}""")]
    public async Task Schedule_DueTime_ComesOnceWithItsData(string name, string body, string data)
    {
        var dapr = await fixture.RunningAsync();
        Assert.Equal((204, ""), await PostAsync(name, body));
        var job = await dapr.Alpha.NextAsync("job-" + name, Cancellation);
        Assert.Equal("application/json", job.ContentType);
        Assert.Equal(data, Encoding.UTF8.GetString(job.Body));
        await GoneAsync(name);
    }

    [Fact]
    public async Task Schedule_EveryWithRepeats_ComesSoOftenAndIsGone()
    {
        var dapr = await fixture.RunningAsync();
        await PostAsync("repeated", """{"schedule":"@every 1s","repeats":2,"data":1}""");
        await dapr.Alpha.NextAsync("job-repeated", Cancellation);
        await dapr.Alpha.NextAsync("job-repeated", Cancellation);
        await GoneAsync("repeated");
    }

    [Fact]
    public async Task Schedule_Cron_Comes()
    {
        var dapr = await fixture.RunningAsync();
        await PostAsync("cron", """{"schedule":"* * * * * *","repeats":1,"data":1}""");
        await dapr.Alpha.NextAsync("job-cron", Cancellation);
    }

    [Fact]
    public async Task Get_Scheduled_GivesItBack()
    {
        await PostAsync("kept", """{"schedule":"@every 1h","repeats":2,"dueTime":"30m","ttl":"2h","data":{"a":1}}""");
        var (status, body) = await GetAsync("kept");
        Assert.Equal(200, status);
        Assert.True(JsonElement.DeepEquals(
            JsonDocument.Parse("""{"name":"kept","schedule":"@every 1h","repeats":2,"dueTime":"30m","ttl":"2h","data":{"@type":"type.googleapis.com/google.protobuf.Value","value":{"a":1}},"failurePolicy":{"constant":{"interval":"1s","maxRetries":3}}}""").RootElement,
            JsonDocument.Parse(body).RootElement));
    }

    [Fact]
    public async Task Schedule_ThereAlready_Is409UnlessItOverwrites()
    {
        Assert.Equal((204, ""), await PostAsync("twice", """{"schedule":"@every 1h","data":1}"""));
        var (status, body) = await PostAsync("twice", """{"schedule":"@every 2h","data":1}""");
        Assert.Equal(409, status);
        var fault = JsonDocument.Parse(body).RootElement;
        Assert.Equal(("DAPR_SCHEDULER_SCHEDULE_JOB", "failed to schedule job due to: rpc error: code = AlreadyExists desc = job already exists: 'app||core||alpha||twice'"),
            (fault.GetProperty("errorCode").GetString(), fault.GetProperty("message").GetString()));
        var info = Assert.Single(fault.GetProperty("details").EnumerateArray());
        Assert.Equal(("alpha", "core"), (info.GetProperty("metadata").GetProperty("appID").GetString(), info.GetProperty("metadata").GetProperty("namespace").GetString()));
        Assert.Equal((204, ""), await PostAsync("twice", """{"schedule":"@every 3h","data":1,"overwrite":true}"""));
        Assert.Contains("@every 3h", (await GetAsync("twice")).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", 400, "DAPR_SCHEDULER_SCHEDULE_EMPTY", "Schedule is empty")]
    [InlineData("""{"ttl":"1s"}""", 400, "DAPR_SCHEDULER_SCHEDULE_EMPTY", "Schedule is empty")]
    [InlineData("""{"name":"other","schedule":"@daily"}""", 400, "DAPR_SCHEDULER_JOB_NAME", "Set the job name in the url only")]
    [InlineData("""{"schedule":"bogus"}""", 500, "DAPR_SCHEDULER_SCHEDULE_JOB", "failed to schedule job due to: rpc error: code = Unknown desc = job failed validation: expected exactly 6 fields, found 1: [bogus]")]
    [InlineData("""{"dueTime":"bogus"}""", 500, "DAPR_SCHEDULER_SCHEDULE_JOB", "failed to schedule job due to: rpc error: code = Unknown desc = job failed validation: due time format not recognized")]
    [InlineData("""{"schedule":"@daily","ttl":"bogus"}""", 500, "DAPR_SCHEDULER_SCHEDULE_JOB", "failed to schedule job due to: rpc error: code = Unknown desc = job failed validation: ttl format not recognized")]
    [InlineData("""{"dueTime":"1h","repeats":3}""", 500, "DAPR_SCHEDULER_SCHEDULE_JOB", "failed to schedule job due to: rpc error: code = Unknown desc = job failed validation: job must have a schedule to repeat")]
    [InlineData("""{"schedule":"@daily","repeats":0}""", 500, "DAPR_SCHEDULER_SCHEDULE_JOB", "failed to schedule job due to: rpc error: code = Unknown desc = job failed validation: defined repeats must be greater than 0")]
    [InlineData("""{"dueTime":"1h","ttl":"2h"}""", 500, "DAPR_SCHEDULER_SCHEDULE_JOB", "failed to schedule job due to: rpc error: code = Unknown desc = job failed validation: job must have a schedule to have a ttl")]
    public async Task Schedule_BadJob_SaysWhatIsWrong(string body, int status, string code, string message)
    {
        using var client = (await fixture.RunningAsync()).Client();
        Assert.Equal((status, code, message), await Faults.OfAsync(client.PostAsync("/v1.0-alpha1/jobs/bad", Running.Json(body), Cancellation)));
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("a?b")]
    [InlineData("a#b")]
    public async Task Any_NameThatTheSchedulerDoesNotTake_IsRefused(string name)
    {
        using var client = (await fixture.RunningAsync()).Client();
        var path = "/v1.0-alpha1/jobs/" + Uri.EscapeDataString(name);
        var reason = $"rpc error: code = Unknown desc = job name is invalid \"app||core||alpha||{name}\": must not contain '/', '\\', '#' or '?'";
        Assert.Equal((500, "DAPR_SCHEDULER_SCHEDULE_JOB", "failed to schedule job due to: " + reason), await Faults.OfAsync(client.PostAsync(path, Running.Json("""{"schedule":"@daily","data":1}"""), Cancellation)));
        Assert.Equal((500, "DAPR_SCHEDULER_GET_JOB", "failed to get job due to: " + reason), await Faults.OfAsync(client.GetAsync(path, Cancellation)));
        Assert.Equal((500, "DAPR_SCHEDULER_DELETE_JOB", "failed to delete job due to: " + reason), await Faults.OfAsync(client.DeleteAsync(path, Cancellation)));
    }

    [Fact]
    public async Task Any_NameWithTheSeparator_IsNoneToScheduleAndNoneThatIsThere()
    {
        using var client = (await fixture.RunningAsync()).Client();
        Assert.Equal((400, "DAPR_SCHEDULER_JOB_NAME_EMPTY", "Name is empty"), await Faults.OfAsync(client.PostAsync("/v1.0-alpha1/jobs/a||b", Running.Json("""{"schedule":"@daily","data":1}"""), Cancellation)));
        Assert.Equal(500, (await GetAsync("a||b")).Status);
        using var deleted = await client.DeleteAsync("/v1.0-alpha1/jobs/a||b", Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }

    [Fact]
    public async Task Put_IsNoRoute()
    {
        using var client = (await fixture.RunningAsync()).Client();
        Assert.Equal((404, "ERR_DIRECT_INVOKE"), (await Faults.OfAsync(client.PutAsync("/v1.0-alpha1/jobs/put", Running.Json("""{"schedule":"@daily","data":1}"""), Cancellation))) is var (status, code, _) ? (status, code) : default);
    }

    [Fact]
    public async Task Schedule_PolicyThatSaysNothing_IsTheDefault()
    {
        Assert.Equal((204, ""), await PostAsync("policy", """{"schedule":"@daily","data":1,"failurePolicy":{}}"""));
        Assert.Equal(
            """{"constant":{"interval":"1s","maxRetries":3}}""", JsonDocument.Parse((await GetAsync("policy")).Body).RootElement.GetProperty("failurePolicy").GetRawText().Replace(" ", "", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("""{"schedule":5}""")]
    [InlineData("[]")]
    public async Task Schedule_NoSuchBody_Is400(string body)
    {
        using var client = (await fixture.RunningAsync()).Client();
        var (status, code, _) = await Faults.OfAsync(client.PostAsync("/v1.0-alpha1/jobs/bad", Running.Json(body), Cancellation));
        Assert.Equal((400, "ERR_MALFORMED_REQUEST"), (status, code));
    }

    [Fact]
    public async Task Schedule_UnknownField_IsIgnored() => Assert.Equal((204, ""), await PostAsync("junk", """{"schedule":"@daily","unknown":5,"data":1}"""));

    [Fact]
    public async Task GetAndDelete_NotThere_500And204()
    {
        using var client = (await fixture.RunningAsync()).Client();
        Assert.Equal(
            (500, "DAPR_SCHEDULER_GET_JOB", "failed to get job due to: rpc error: code = NotFound desc = job not found: nosuch"),
            await Faults.OfAsync(client.GetAsync("/v1.0-alpha1/jobs/nosuch", Cancellation)));
        using var deleted = await client.DeleteAsync("/v1.0-alpha1/jobs/nosuch", Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }

    [Fact]
    public async Task Delete_Scheduled_IsGone()
    {
        using var client = (await fixture.RunningAsync()).Client();
        await PostAsync("deleted", """{"schedule":"@every 1h","data":1}""");
        using var deleted = await client.DeleteAsync("/v1.0-alpha1/jobs/deleted", Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(500, (await GetAsync("deleted")).Status);
    }

    [Fact]
    public async Task Deliver_AppFails_IsTriedAgainAsThePolicySays()
    {
        var dapr = await fixture.RunningAsync();
        dapr.Alpha.Answer("job-failing", _ => Results.StatusCode(500));
        dapr.Alpha.Answer("job-dropped", _ => Results.StatusCode(500));
        dapr.Alpha.Answer("job-unknown", _ => Results.StatusCode(404));
        await PostAsync("failing", """{"dueTime":"0s","data":1,"failurePolicy":{"constant":{"interval":"0.2s","maxRetries":2}}}""");
        await PostAsync("dropped", """{"dueTime":"0s","data":1,"failurePolicy":{"drop":{}}}""");
        await PostAsync("unknown", """{"dueTime":"0s","data":1}""");
        for (var i = 0; i < 3; i++)
        {
            await dapr.Alpha.NextAsync("job-failing", Cancellation);
        }

        await dapr.Alpha.NextAsync("job-dropped", Cancellation);
        await dapr.Alpha.NextAsync("job-unknown", Cancellation);
        await GoneAsync("failing");
        await GoneAsync("dropped");
        await GoneAsync("unknown");
        Assert.False(dapr.Alpha.HasDelivery("job-failing") || dapr.Alpha.HasDelivery("job-dropped") || dapr.Alpha.HasDelivery("job-unknown"));
    }

    [Fact]
    public async Task Deliver_AppFailsOnce_ComesAgainByDefault()
    {
        var dapr = await fixture.RunningAsync();
        var tries = 0;
        dapr.Alpha.Answer("job-recovering", _ => Interlocked.Increment(ref tries) == 1 ? Results.StatusCode(503) : Results.Ok());
        await PostAsync("recovering", """{"dueTime":"0s","data":1}""");
        await dapr.Alpha.NextAsync("job-recovering", Cancellation);
        await dapr.Alpha.NextAsync("job-recovering", Cancellation);
        await GoneAsync("recovering");
    }

    [Theory]
    [InlineData("bytes", "", "hi", "hi")]
    [InlineData("wrapped", "type.googleapis.com/google.protobuf.StringValue", "\u0002hi", "\u0002hi")]
    public async Task Grpc_AnyData_ReachesAnHttpAppAsItsBytes(string name, string type, string value, string body)
    {
        var dapr = await fixture.RunningAsync();
        await dapr.Grpc().ScheduleJobAsync(
            new ScheduleJobRequest { Job = new Job { Name = "grpc-" + name, DueTime = "0s", Data = new Any { TypeUrl = type, Value = ByteString.CopyFromUtf8(value) } } }, Running.Token, cancellationToken: Cancellation);
        Assert.Equal(body, Encoding.UTF8.GetString((await dapr.Alpha.NextAsync("job-grpc-" + name, Cancellation)).Body));
    }

    [Fact]
    public async Task Grpc_ScheduleGetListAndDeleteByPrefix_DoSo()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        foreach (var name in new[] { "pre-a", "pre-b", "prx-c" })
        {
            await grpc.ScheduleJobAsync(new ScheduleJobRequest { Job = new Job { Name = name, DueTime = "1h", Data = Any.Pack(new StringValue { Value = name }) } }, Running.Token, cancellationToken: Cancellation);
        }

        var got = (await grpc.GetJobAsync(new GetJobRequest { Name = "pre-a" }, Running.Token, cancellationToken: Cancellation)).Job;
        Assert.Equal(("pre-a", "1h", "pre-a", 3u), (got.Name, got.DueTime, got.Data.Unpack<StringValue>().Value, got.FailurePolicy.Constant.MaxRetries));
        Assert.Superset(new HashSet<string> { "pre-a", "pre-b", "prx-c" }, await NamesAsync(grpc));
        await grpc.DeleteJobsByPrefixAsync(new DeleteJobsByPrefixRequest { NamePrefix = "pre-" }, Running.Token, cancellationToken: Cancellation);
        var left = await NamesAsync(grpc);
        Assert.Contains("prx-c", left);
        Assert.DoesNotContain("pre-a", left);
        Assert.DoesNotContain("pre-b", left);
    }

    [Fact]
    public async Task Grpc_BadJobs_HaveDaprsStatus()
    {
        var grpc = (await fixture.RunningAsync()).Grpc();
        await RefusedAsync(() => ScheduleAsync(grpc, null), StatusCode.InvalidArgument, "Job is empty", "DAPR_SCHEDULER_EMPTY");
        await RefusedAsync(() => ScheduleAsync(grpc, new Job { DueTime = "1h" }), StatusCode.InvalidArgument, "Name is empty", "DAPR_SCHEDULER_JOB_NAME_EMPTY");
        await RefusedAsync(() => ScheduleAsync(grpc, new Job { Name = "x" }), StatusCode.InvalidArgument, "Schedule is empty", "DAPR_SCHEDULER_SCHEDULE_EMPTY");
        await ScheduleAsync(grpc, new Job { Name = "grpc-twice", DueTime = "1h" });
        await RefusedAsync(
            () => ScheduleAsync(grpc, new Job { Name = "grpc-twice", DueTime = "1h" }), StatusCode.AlreadyExists,
            "failed to schedule job due to: rpc error: code = AlreadyExists desc = job already exists: 'app||core||alpha||grpc-twice'", "DAPR_SCHEDULER_SCHEDULE_JOB");
        await RefusedAsync(
            async () => await grpc.GetJobAsync(new GetJobRequest { Name = "nosuch" }, Running.Token, cancellationToken: Cancellation), StatusCode.Internal,
            "failed to get job due to: rpc error: code = NotFound desc = job not found: nosuch", "DAPR_SCHEDULER_GET_JOB");
    }

    private static async Task RefusedAsync(Func<Task> call, StatusCode status, string detail, string reason)
    {
        var error = await Assert.ThrowsAsync<RpcException>(call);
        Assert.Equal((status, detail), (error.StatusCode, error.Status.Detail));
        var info = Google.Rpc.Status.Parser.ParseFrom(error.Trailers.GetValueBytes("grpc-status-details-bin")).Details.Single(d => d.Is(Google.Rpc.ErrorInfo.Descriptor)).Unpack<Google.Rpc.ErrorInfo>();
        Assert.Equal((reason, "dapr.io", "alpha", "core"), (info.Reason, info.Domain, info.Metadata["appID"], info.Metadata["namespace"]));
    }

    private static async Task ScheduleAsync(Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient grpc, Job? job) =>
        await grpc.ScheduleJobAsync(new ScheduleJobRequest { Job = job }, Running.Token, cancellationToken: Cancellation);

    private static async Task<HashSet<string>> NamesAsync(Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient grpc) =>
        [.. (await grpc.ListJobsAsync(new ListJobsRequest(), Running.Token, cancellationToken: Cancellation)).Jobs.Select(j => j.Name)];

    private Task GoneAsync(string name) => Eventually.HoldsAsync(async () => (await GetAsync(name)).Status == 500, Cancellation);

    private async Task<(int Status, string Body)> PostAsync(string name, string body)
    {
        using var client = (await fixture.RunningAsync()).Client();
        using var answer = await client.PostAsync("/v1.0-alpha1/jobs/" + name, Running.Json(body), Cancellation);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }

    private async Task<(int Status, string Body)> GetAsync(string name)
    {
        using var client = (await fixture.RunningAsync()).Client();
        using var answer = await client.GetAsync("/v1.0-alpha1/jobs/" + name, Cancellation);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }
}

public sealed class EmbeddedJobTests(EmbeddedBlocksFixture fixture) : JobSuite(fixture);

[Trait("Category", "Engines")]
public sealed class DaprdJobTests(DaprdBlocksFixture fixture) : JobSuite(fixture);
