using System.Net;
using System.Net.Http.Json;
using EdgeMesh.Sidecar;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Testing.Tests.GrpcApps;

/// <summary>An app that speaks gRPC gets Dapr's callbacks in the test's process; what comes to it is recorded and faulted as with any other.</summary>
public sealed class GrpcAppTests(GrpcAppTests.Shared shared) : IClassFixture<GrpcAppTests.Shared>, IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private const string Hourly = """
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: { name: hourly }
        spec: { type: bindings.cron, version: v1, metadata: [{ name: schedule, value: "0 * * * *" }] }
        """;

    private static TestApp Grpc => new("talker", Talker.Create) { Protocol = AppProtocol.Grpc };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private DaprTestHost Host => shared.Host;

    private Heard Heard => Host.Services("talker").GetRequiredService<Heard>();

    public ValueTask InitializeAsync()
    {
        Host.Calls.Clear();
        Heard.Clear();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Message_OfATopic_IsDeliveredRecordedAndFaulted()
    {
        Host.Faults.Fail(c => c.Kind == CallKind.Delivery && c.Text.Contains("today", StringComparison.Ordinal), times: 1);

        await Host.Dapr("test").PublishEventAsync("events", "news", "today", Token);
        await MoveUntilAsync(Host.Calls.FirstAsync(c => c is { Kind: CallKind.Delivery, Status: 200 }, Token), shared.Clock);

        Assert.Contains("today", Assert.Single(Heard.All), StringComparison.Ordinal);
        Assert.Equal(
            [("events", "talker", "news", (int?)null, true), ("events", "talker", "news", 200, false)],
            Host.Calls.Of(CallKind.Delivery).Select(c => (c.From, c.To, c.Name, c.Status, c.Failure is not null)));
    }

    [Fact]
    public async Task Drop_ADelivery_IsDoneForTheSidecarAndTheAppHearsNothing()
    {
        using (Host.Faults.Drop(c => c.Kind == CallKind.Delivery))
        {
            await Host.Dapr("test").PublishEventAsync("events", "news", "lost", Token);
            await Host.Calls.FirstAsync(c => c.Kind == CallKind.Delivery, Token);
        }

        await Host.Dapr("test").PublishEventAsync("events", "news", "kept", Token);
        await Host.Calls.FirstAsync(c => c is { Kind: CallKind.Delivery, Status: 200 }, Token);
        shared.Clock.Advance(TimeSpan.FromHours(1));

        Assert.Contains("kept", Assert.Single(Heard.All), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Event_OfAnInputBinding_IsDeliveredAndRecorded()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        await using var host = await StartAsync(Grpc, clock, Hourly);
        var rung = host.Calls.FirstAsync(c => c.Kind == CallKind.BindingEvent, Token);
        await MoveUntilAsync(rung, clock);

        var call = await rung;
        Assert.Equal(("hourly", "talker", "hourly", 200), (call.From, call.To, call.Name, call.Status));
        Assert.Contains("rung by hourly", host.Services("talker").GetRequiredService<Heard>().All);
    }

    [Fact]
    public async Task Job_ThatIsDue_IsTriggeredRecordedAndFaulted()
    {
        Host.Faults.Fail(c => c.Kind == CallKind.JobTrigger, times: 1);
        using var client = Host.SidecarClient("talker");
        using var scheduled = await client.PostAsJsonAsync("/v1.0-alpha1/jobs/tidy", new { dueTime = "1s", data = "up" }, Token);

        await MoveUntilAsync(Host.Calls.FirstAsync(c => c is { Kind: CallKind.JobTrigger, Status: 200 }, Token), shared.Clock);

        Assert.Equal(
            [("scheduler", "talker", "tidy", "\"up\"", (int?)null), ("scheduler", "talker", "tidy", "\"up\"", 200)],
            Host.Calls.Of(CallKind.JobTrigger).Select(c => (c.From, c.To, c.Name, c.Text, c.Status)));
        Assert.Single(Heard.All, "due tidy");
    }

    [Fact]
    public async Task Health_OfAnAppThatIsProbed_DecidesWhetherItIsCalled()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        await using var host = await StartAsync(Grpc with { HealthCheck = new AppHealthOptions { Interval = TimeSpan.FromSeconds(1), Timeout = TimeSpan.FromHours(1), Threshold = 1 } }, clock);
        using var client = host.InvokeClient(from: "test", to: "talker");

        await MoveUntilAsync(UntilAnsweredAsync(client, HttpStatusCode.OK), clock);
        host.Services("talker").GetRequiredService<Talker.Health>().IsGood = false;
        await MoveUntilAsync(UntilAnsweredAsync(client, HttpStatusCode.InternalServerError), clock);

        // What the sidecar asks for itself is nobody's call.
        Assert.All(host.Calls.All, c => Assert.Equal(CallKind.Invocation, c.Kind));
    }

    [Fact]
    public async Task Invocation_OfAMethod_IsRecordedWithWhatTheAppAnswered()
    {
        using var client = Host.InvokeClient(from: "test", to: "talker");

        using var answer = await client.PostAsync("ping", new StringContent("hello"), Token);
        using var missing = await client.GetAsync("nothing", Token);

        Assert.Equal(("pong", HttpStatusCode.NotFound), (await answer.Content.ReadAsStringAsync(Token), missing.StatusCode));
        Assert.Equal(
            [("test", "talker", "POST /ping", "hello", 200), ("test", "talker", "GET /nothing", "", 404)],
            Host.Calls.Of(CallKind.Invocation).Select(c => (c.From, c.To, c.Name, c.Text, c.Status)));
    }

    [Fact]
    public async Task Partition_OfCallerAndApp_KeepsInvocationsFromIt()
    {
        using var client = Host.InvokeClient(from: "test", to: "talker");
        using (Host.Faults.Partition("test", "talker"))
        {
            using var cut = await client.GetAsync("ping", Token);
            var error = await Assert.ThrowsAsync<RpcException>(() => AskAsync("anybody?"));
            Assert.Equal((HttpStatusCode.InternalServerError, StatusCode.Unavailable), (cut.StatusCode, error.StatusCode));
        }

        using var healed = await client.GetAsync("ping", Token);
        Assert.Equal(HttpStatusCode.OK, healed.StatusCode);
        Assert.Equal(["invoked ping "], Heard.All);
    }

    [Fact]
    public async Task OwnService_Asked_IsRecordedWithItsMessage()
    {
        Assert.Equal("hello", await AskAsync("hello"));
        await Assert.ThrowsAsync<RpcException>(() => AskAsync(""));

        Assert.Equal(
            [("test", "talker", "/tests.Talker/Ask", "hello", 200), ("test", "talker", "/tests.Talker/Ask", "", 400)],
            Host.Calls.Of(CallKind.Invocation).Select(c => (c.From, c.To, c.Name, StringValue.Parser.ParseFrom(c.Data.Span).Value, c.Status)));
    }

    [Fact]
    public async Task Duplicate_ACallOfItsOwnService_HappensTwiceAndAnswersOnce()
    {
        Host.Faults.Duplicate(c => c.Name == "/tests.Talker/Ask" && StringValue.Parser.ParseFrom(c.Data.Span).Value == "twice");

        Assert.Equal("twice", await AskAsync("twice"));

        Assert.Equal(["asked twice", "asked twice"], Heard.All);
    }

    [Fact]
    public async Task Drop_ACallOfItsOwnService_AnswersAnEmptyMessage()
    {
        Host.Faults.Drop(c => c.Kind == CallKind.Invocation);

        Assert.Equal("", await AskAsync("anybody?"));

        Assert.Empty(Heard.All);
    }

    [Fact]
    public async Task Stream_OfItsOwnService_GoesBothWaysAndIsRecorded()
    {
        using var channel = Channel(Host);
        using var talk = channel.CreateCallInvoker().AsyncDuplexStreamingCall(Talker.Talk, null, Options());

        Assert.True(await talk.ResponseStream.MoveNext(Token));
        await talk.RequestStream.WriteAsync(new StringValue { Value = "Ada" }, Token);
        Assert.True(await talk.ResponseStream.MoveNext(Token));

        Assert.Equal("hello Ada", talk.ResponseStream.Current.Value);
        Assert.Equal("Invocation test → talker: /tests.Talker/Talk, 200", Assert.Single(Host.Calls.All).ToString());
        await talk.RequestStream.CompleteAsync();
    }

    [Fact]
    public async Task Message_ByAStreamThatTheAppHolds_IsRecordedAndFaulted()
    {
        using var channel = Channel(Host);
        var dapr = new Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient(channel);
        using var stream = dapr.SubscribeTopicEventsAlpha1(Options());
        await stream.RequestStream.WriteAsync(new() { InitialRequest = new() { PubsubName = "events", Topic = "streamed" } }, Token);
        Assert.True(await stream.ResponseStream.MoveNext(Token));
        Host.Faults.Fail(c => c is { Kind: CallKind.Delivery, Name: "streamed" }, times: 1);

        await Host.Dapr("test").PublishEventAsync("events", "streamed", new { number = 1 }, Token);
        var comes = stream.ResponseStream.MoveNext(Token);
        await MoveUntilAsync(comes, shared.Clock);
        await stream.RequestStream.WriteAsync(new() { EventProcessed = new() { Id = stream.ResponseStream.Current.EventMessage.Id, Status = new() } }, Token);
        await Host.Calls.FirstAsync(c => c is { Kind: CallKind.Delivery, Failure: null }, Token);

        Assert.Equal([("events", "test", "streamed", true), ("events", "test", "streamed", false)], Host.Calls.Of(CallKind.Delivery).Select(c => (c.From, c.To, c.Name, c.Failure is not null)));
    }

    [Fact]
    public async Task ActorCall_ByAStreamThatTheAppHolds_IsRecordedAndFaulted()
    {
        using var channel = Channel(Host);
        var dapr = new Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient(channel);
        var token = new Metadata { { "dapr-api-token", Host.Settings("talker")["DAPR_API_TOKEN"]! } };
        using var own = GrpcChannel.ForAddress(Host.Settings("talker")["DAPR_GRPC_ENDPOINT"]!);
        using var stream = new Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient(own).SubscribeActorEventsAlpha1(token, cancellationToken: Token);
        await stream.RequestStream.WriteAsync(new() { InitialRequest = new() { Entities = { "Robot" } } }, Token);
        Assert.True(await stream.ResponseStream.MoveNext(Token));
        var call = new Dapr.Client.Autogen.Grpc.v1.InvokeActorRequest { ActorType = "Robot", ActorId = "r1", Method = "walk" };

        using (Host.Faults.Fail(c => c.Kind == CallKind.ActorCall))
        {
            await Assert.ThrowsAsync<RpcException>(async () => await dapr.InvokeActorAsync(call, Options()));
        }

        var answer = dapr.InvokeActorAsync(call, Options());
        Assert.True(await stream.ResponseStream.MoveNext(Token));
        await stream.RequestStream.WriteAsync(new() { InvokeResponse = new() { Id = stream.ResponseStream.Current.InvokeRequest.Id } }, Token);
        await answer;

        Assert.Equal(
            [("test", "talker", "Robot/r1/method/walk", true), ("test", "talker", "Robot/r1/method/walk", false)],
            Host.Calls.Of(CallKind.ActorCall).Select(c => (c.From, c.To, c.Name, c.Failure is not null)));
    }

    [Fact]
    public async Task AttachedApp_ThatSpeaksGrpc_IsReachedThroughItsHandler()
    {
        await using var host = await StartAsync(TestApp.Attached("talker") with { Protocol = AppProtocol.Grpc }, TimeProvider.System);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.WebHost.UseDapr(host, "talker");
        await using var app = Talker.Create(builder);
        await app.StartAsync(Token);
        await host.AttachAsync("talker", app.GetTestServer().CreateHandler(), Token);

        await host.Dapr("test").PublishEventAsync("events", "news", "today", Token);
        await host.Calls.FirstAsync(c => c is { Kind: CallKind.Delivery, Status: 200 }, Token);

        Assert.Contains("today", Assert.Single(host.Services("talker").GetRequiredService<Heard>().All), StringComparison.Ordinal);
        Assert.Equal("hello", await AskAsync("hello", host));
        Assert.Equal("hello", StringValue.Parser.ParseFrom(Assert.Single(host.Calls.Of(CallKind.Invocation)).Data.Span).Value);
    }

    [Fact]
    public async Task Start_AnAppWithTls_SaysWhatToGiveInstead()
    {
        var error = await Assert.ThrowsAsync<ArgumentException>(() => StartAsync(Grpc with { Protocol = AppProtocol.Grpcs }, TimeProvider.System));

        Assert.Contains("Give Grpc", error.Message, StringComparison.Ordinal);
    }

    private async Task<string> AskAsync(string what, DaprTestHost? host = null)
    {
        using var channel = Channel(host ?? Host);
        return (await channel.CreateCallInvoker().AsyncUnaryCall(Talker.Ask, null, Options(host), new StringValue { Value = what })).Value;
    }

    private CallOptions Options(DaprTestHost? host = null) =>
        new(new Metadata { { "dapr-app-id", "talker" }, { "dapr-api-token", (host ?? Host).Settings("test")["DAPR_API_TOKEN"]! } }, cancellationToken: Token);

    private static GrpcChannel Channel(DaprTestHost host) => GrpcChannel.ForAddress(host.Settings("test")["DAPR_GRPC_ENDPOINT"]!);

    private static async Task UntilAnsweredAsync(HttpClient client, HttpStatusCode status)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Limit);
        while (true)
        {
            using var answer = await client.GetAsync("ping", limit.Token);
            if (answer.StatusCode == status)
            {
                return;
            }
        }
    }

    private static async Task MoveUntilAsync(Task done, FakeTimeProvider clock)
    {
        while (!done.IsCompleted)
        {
            Token.ThrowIfCancellationRequested();
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await done;
    }

    private static Task<DaprTestHost> StartAsync(TestApp talker, TimeProvider clock, string resources = TestComponents.InMemory) =>
        DaprTestHost.StartAsync(new() { Apps = [talker, new("test")], Clock = clock, Resources = resources }, Token);

    public ValueTask DisposeAsync()
    {
        Host.Faults.Clear();
        return ValueTask.CompletedTask;
    }

    public sealed class Shared : IAsyncLifetime
    {
        public FakeTimeProvider Clock { get; } = new(DateTimeOffset.UnixEpoch.AddYears(60));

        public DaprTestHost Host { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Host = await StartAsync(Grpc, Clock);

        public ValueTask DisposeAsync() => Host.DisposeAsync();
    }
}
