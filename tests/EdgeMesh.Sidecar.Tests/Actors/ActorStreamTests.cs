using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.BuildingBlocks.Actors;
using EdgeMesh.Sidecar.Tests.Apps;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using Event = Dapr.Client.Autogen.Grpc.v1.SubscribeActorEventsResponseAlpha1;
using Said = Dapr.Client.Autogen.Grpc.v1.SubscribeActorEventsRequestAlpha1;

namespace EdgeMesh.Sidecar.Tests.Actors;

/// <summary>Actors that an app hosts by streams.</summary>
public sealed class ActorStreamTests
{
    private static readonly string Store = Yaml.Component("actors", "state.in-memory", ("actorStateStore", "true"));

    [Fact]
    public async Task Call_BeforeTheStreamHasBegun_ComesAfterItsBeginning()
    {
        var events = new Recorder();
        using var stream = new ActorStream(events);
        var call = stream.DeactivateAsync(new ActorAddress("cat", "1"), TestSidecar.Cancellation);
        Assert.Empty(events.Seen);

        await stream.BeginAsync(TestSidecar.Cancellation);

        stream.Settle(new Said { DeactivateResponse = new() { Id = "1" } });
        await call.WaitAsync(TimeSpan.FromSeconds(20), TestSidecar.Cancellation);
        Assert.Equal([Event.ResponseTypeOneofCase.InitialResponse, Event.ResponseTypeOneofCase.DeactivateRequest], events.Seen.Select(e => e.ResponseTypeCase));
    }

    [Fact]
    public async Task Stop_WithAnActorInItsTurn_LetsItSaveItsState()
    {
        await using var app = await GrpcApp.StartAsync();
        var sidecar = await StartAsync(app.Url);
        var api = sidecar.Grpc();
        using var stream = await OpenAsync(api);
        var call = api.InvokeActorAsync(new() { ActorType = "cat", ActorId = "1", Method = "m" }, TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation).ResponseAsync;
        var asked = (await NextAsync(stream)).InvokeRequest;

        using var http = sidecar.Http();
        await HealthAsync(http, 204);
        var stop = sidecar.DisposeAsync().AsTask();
        await HealthAsync(http, 500);

        // It is about to stop: a few, so that the last ones come when it does.
        for (var i = 0; i < 20; i++)
        {
            await api.ExecuteActorStateTransactionAsync(
                new() { ActorType = "cat", ActorId = "1", Operations = { new TransactionalActorStateOperation { OperationType = "upsert", Key = "k", Value = new Any { Value = ByteString.CopyFromUtf8("1") } } } }, TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        }

        await stream.RequestStream.WriteAsync(new Said { InvokeResponse = new() { Id = asked.Id } }, TestSidecar.Cancellation);
        await call;
        await stream.RequestStream.WriteAsync(new Said { DeactivateResponse = new() { Id = (await NextAsync(stream)).DeactivateRequest.Id } }, TestSidecar.Cancellation);
        await stop.WaitAsync(TimeSpan.FromSeconds(20), TestSidecar.Cancellation);
    }

    [Fact]
    public async Task Reminder_OfAnAppThatAnswersNothing_ComesByItsStream()
    {
        // Nobody listens there: the app has come by its stream alone.
        await using var sidecar = await StartAsync(new Uri("http://127.0.0.1:1"));
        var api = sidecar.Grpc();
        using var stream = await OpenAsync(api);
        await api.RegisterActorReminderAsync(new() { ActorType = "cat", ActorId = "1", Name = "r", DueTime = "0s" }, TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        var fired = (await NextAsync(stream)).ReminderRequest;
        Assert.Equal("r", fired.Name);
        await stream.RequestStream.WriteAsync(new Said { ReminderResponse = new() { Id = fired.Id } }, TestSidecar.Cancellation);
    }

    [Fact]
    public async Task Timer_OfAStreamWhoseTypeAnotherHas_CanBeDeletedAndReplaced()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60));
        await using var app = await GrpcApp.StartAsync();
        await using var sidecar = await StartAsync(app.Url, clock);
        var api = sidecar.Grpc();
        using var first = await OpenAsync(api);
        foreach (var name in (string[])["deleted", "replaced"])
        {
            await api.RegisterActorTimerAsync(new() { ActorType = "cat", ActorId = "1", Name = name, DueTime = "1s" }, TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        }

        using var last = await OpenAsync(api);
        await api.UnregisterActorTimerAsync(new() { ActorType = "cat", ActorId = "1", Name = "deleted" }, TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        await api.RegisterActorTimerAsync(new() { ActorType = "cat", ActorId = "1", Name = "replaced", DueTime = "1s", Callback = "new" }, TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        await api.RegisterActorTimerAsync(new() { ActorType = "cat", ActorId = "1", Name = "end", DueTime = "5s" }, TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        var fired = new List<string>();
        while (fired.LastOrDefault() != "end ")
        {
            clock.Advance(TimeSpan.FromSeconds(4));
            var timer = (await NextAsync(last)).TimerRequest;
            fired.Add($"{timer.Name} {timer.Callback}");
            await last.RequestStream.WriteAsync(new Said { TimerResponse = new() { Id = timer.Id } }, TestSidecar.Cancellation);
        }

        Assert.Equal(["replaced new", "end "], fired);
    }

    [Fact]
    public async Task Takeover_FromAStreamThatAnswersNothing_WaitsForNoClock()
    {
        await using var app = await GrpcApp.StartAsync();
        await using var sidecar = await StartAsync(app.Url, new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(60)));
        var api = sidecar.Grpc();
        using var deaf = await OpenAsync(api);
        var call = api.InvokeActorAsync(new() { ActorType = "cat", ActorId = "1", Method = "m" }, TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation).ResponseAsync;
        await deaf.RequestStream.WriteAsync(new Said { InvokeResponse = new() { Id = (await NextAsync(deaf)).InvokeRequest.Id } }, TestSidecar.Cancellation);
        await call;

        using var next = await OpenAsync(api);
        call = api.InvokeActorAsync(new() { ActorType = "cat", ActorId = "1", Method = "n" }, TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation).ResponseAsync;
        await next.RequestStream.WriteAsync(new Said { InvokeResponse = new() { Id = (await NextAsync(next)).InvokeRequest.Id } }, TestSidecar.Cancellation);
        await call;
    }

    private static Task<TestSidecar> StartAsync(Uri app, TimeProvider? clock = null) => TestSidecar.StartAsync(
        Store, new Dictionary<string, Uri?> { ["alpha"] = app }, change: o => o with { Clock = clock ?? o.Clock, Apps = [.. o.Apps.Select(a => a with { AppProtocol = AppProtocol.Grpc })] });

    private static async Task HealthAsync(HttpClient http, int status)
    {
        while (await http.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync() != status)
        {
            await Task.Delay(10, TestSidecar.Cancellation);
        }
    }

    /// <summary>A stream that hosts <c>cat</c>.</summary>
    private static async Task<AsyncDuplexStreamingCall<Said, Event>> OpenAsync(Dapr.Client.Autogen.Grpc.v1.Dapr.DaprClient api)
    {
        var stream = api.SubscribeActorEventsAlpha1(TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation);
        await stream.RequestStream.WriteAsync(new Said { InitialRequest = new() { Entities = { "cat" } } }, TestSidecar.Cancellation);
        Assert.NotNull((await NextAsync(stream)).InitialResponse);
        return stream;
    }

    private static async Task<Event> NextAsync(AsyncDuplexStreamingCall<Said, Event> stream)
    {
        Assert.True(await stream.ResponseStream.MoveNext(TestSidecar.Cancellation).WaitAsync(TimeSpan.FromSeconds(20), TestSidecar.Cancellation));
        return stream.ResponseStream.Current;
    }

    /// <summary>What an app would get.</summary>
    private sealed class Recorder : IServerStreamWriter<Event>
    {
        public List<Event> Seen { get; } = [];

        public WriteOptions? WriteOptions { get; set; }

        public Task WriteAsync(Event message)
        {
            Seen.Add(message);
            return Task.CompletedTask;
        }
    }
}
