using System.Text.Json;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Resiliency;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Sidecar.Tests.Metrics;

/// <summary>What is measured of brokers under the names of OpenTelemetry's semantic conventions.</summary>
public sealed class MessagingMetricsTests
{
    private static readonly IReadOnlyDictionary<string, string> NoMetadata = BrokerMessage.NoMetadata;

    private readonly FakeTimeProvider _clock = new();

    public static TheoryData<string, Exception, string> Failures => new()
    {
        { "refused", new BrokerRefusalException("full"), "EdgeMesh.Sidecar.Components.BrokerRefusalException" },
        { "late", new TimeoutException("context deadline exceeded"), "timeout" },
        { "open", new CircuitOpenException("circuit breaker is open"), "circuit_open" },
        { "generic", new Generic<string>(), "EdgeMesh.Sidecar.Tests.Metrics.Generic`1" },
    };

    [Fact]
    public async Task Publish_IsTimedInSeconds_AndItsMessageCounted()
    {
        using var measured = new Measured("publish.taken");
        await using var runtime = Runtime("publish.taken", new StubBroker(_ => Later()));
        await PublishAsync(runtime);
        Assert.Equal(
            [
                "messaging.client.operation.duration 0.25 edgemesh.component=pubsub messaging.destination.name=orders messaging.operation.name=publish messaging.operation.type=send messaging.system=publish.taken",
                "messaging.client.sent.messages 1 edgemesh.component=pubsub messaging.destination.name=orders messaging.operation.name=publish messaging.system=publish.taken",
            ],
            measured.All);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Publish_ThatFails_SaysOfWhichClassTheErrorIs(string how, Exception error, string type)
    {
        var system = "publish." + how;
        using var measured = new Measured(system);
        await using var runtime = Runtime(system, new StubBroker(_ => Later(error)));
        await Assert.ThrowsAsync<DaprFault>(() => PublishAsync(runtime));
        Assert.Equal(
            [
                $"messaging.client.operation.duration 0.25 edgemesh.component=pubsub error.type={type} messaging.destination.name=orders messaging.operation.name=publish messaging.operation.type=send messaging.system={system}",
                $"messaging.client.sent.messages 1 edgemesh.component=pubsub error.type={type} messaging.destination.name=orders messaging.operation.name=publish messaging.system={system}",
            ],
            measured.All);
    }

    [Fact]
    public async Task PublishMany_IsTimedOnce_AndCountsTheMessagesByTheirErrors()
    {
        using var measured = new Measured("publish.many");
        await using var runtime = Runtime("publish.many", new StubBroker(m => Equals(m.Metadata.GetValueOrDefault("how"), "refuse") ? throw new BrokerRefusalException("full") : Task.CompletedTask));
        var entries = Enumerable.Range(0, 5)
            .Select(i => new BulkEntry($"{i}", new Publication("pubsub", "orders", "1"u8.ToArray(), "application/json", i < 3 ? NoMetadata : new Dictionary<string, string> { ["how"] = "refuse" })));
        var failed = await PubSubBlock.PublishManyAsync(PubSubBlock.Target(runtime.App, "pubsub", "orders"), isRaw: false, [.. entries], TestSidecar.Cancellation);
        Assert.Equal(["3", "4"], failed.Select(f => f.EntryId));
        const string labels = "messaging.destination.name=orders messaging.operation.name=publish";
        const string error = "edgemesh.component=pubsub error.type=EdgeMesh.Sidecar.Components.BrokerRefusalException";
        Assert.Equal(
            [
                $"messaging.client.operation.duration 0 {error} {labels} messaging.operation.type=send messaging.system=publish.many",
                $"messaging.client.sent.messages 1 {error} {labels} messaging.system=publish.many",
                $"messaging.client.sent.messages 1 {error} {labels} messaging.system=publish.many",
                $"messaging.client.sent.messages 3 edgemesh.component=pubsub {labels} messaging.system=publish.many",
            ],
            measured.All);
    }

    [Theory]
    [InlineData("taken", Verdict.Success, "")]
    [InlineData("dropped", Verdict.Drop, "")]
    [InlineData("back", Verdict.Retry, "error.type=retry ")]
    public async Task Delivery_IsTimedInSeconds_AndItsMessageCounted(string how, object verdict, string error)
    {
        var system = "delivery." + how;
        using var measured = new Measured(system);
        await DeliverAsync(system, async (_, _) =>
        {
            await Later();
            return (Verdict)verdict;
        });
        AssertDelivered(measured, system, error);
    }

    [Fact]
    public async Task Delivery_ThatCanNotBeMade_SaysOfWhichClassTheErrorIs()
    {
        using var measured = new Measured("delivery.broken");
        await DeliverAsync("delivery.broken", async (_, _) =>
        {
            await Later();
            throw new InvalidOperationException("broken");
        });
        AssertDelivered(measured, "delivery.broken", "error.type=System.InvalidOperationException ");
    }

    [Fact]
    public async Task Delivery_ThatIsGivenUp_IsMeasuredToo()
    {
        using var measured = new Measured("delivery.ended");
        await Assert.ThrowsAsync<OperationCanceledException>(() => DeliverAsync("delivery.ended", async (_, _) =>
        {
            await Later();
            throw new OperationCanceledException();
        }));
        AssertDelivered(measured, "delivery.ended", "error.type=canceled ");
    }

    [Fact]
    public async Task Delivery_WhoseTimeIsOver_TimedOut_AndOneThatIsEndedWasCanceled()
    {
        using var attempt = new CancellationTokenSource();
        using var all = new CancellationTokenSource();
        await attempt.CancelAsync();
        Assert.Equal("timeout", EdgeMesh.Sidecar.Metrics.ErrorClass.OfEnded(attempt.Token, all.Token));
        await all.CancelAsync();
        Assert.Equal("canceled", EdgeMesh.Sidecar.Metrics.ErrorClass.OfEnded(attempt.Token, all.Token));
    }

    [Fact]
    public async Task Publish_WhoseCallerIsGone_IsMeasuredToo()
    {
        using var measured = new Measured("publish.gone");
        await using var runtime = Runtime("publish.gone", new StubBroker(_ => Later(new OperationCanceledException())));
        await Assert.ThrowsAsync<OperationCanceledException>(() => PublishAsync(runtime));
        Assert.Contains("messaging.client.sent.messages 1 edgemesh.component=pubsub error.type=canceled messaging.destination.name=orders messaging.operation.name=publish messaging.system=publish.gone", measured.All);
    }

    [Fact]
    public async Task PublishMany_WhoseCallerIsGone_TellsWhatTheBrokerOwns()
    {
        using var measured = new Measured("publish.many-gone");
        await using var runtime = Runtime("publish.many-gone", new StubBroker(m => m.Data.Span[0] == '1' ? Task.CompletedTask : Task.FromException(new OperationCanceledException())));
        BulkEntry[] entries = [Entry("1"), Entry("2")];
        await Assert.ThrowsAsync<OperationCanceledException>(() => PubSubBlock.PublishManyAsync(PubSubBlock.Target(runtime.App, "pubsub", "orders"), isRaw: true, entries, TestSidecar.Cancellation));
        const string labels = "messaging.destination.name=orders messaging.operation.name=publish messaging.system=publish.many-gone";
        Assert.Equal(
            [
                $"messaging.client.sent.messages 1 edgemesh.component=pubsub error.type=canceled {labels}",
                $"messaging.client.sent.messages 1 edgemesh.component=pubsub {labels}",
            ],
            measured.All.Where(m => m.Contains("sent", StringComparison.Ordinal)));

        static BulkEntry Entry(string text) => new(text, new Publication("pubsub", "orders", System.Text.Encoding.ASCII.GetBytes(text), "application/json", NoMetadata));
    }

    [Fact]
    public async Task PublishMany_OnceTheCallerIsGone_BringsNoFurtherMessageToTheBroker()
    {
        using var caller = new CancellationTokenSource();
        var brought = 0;
        await using var runtime = Runtime("publish.none", new StubBroker(_ => Task.FromResult(Interlocked.Increment(ref brought))));
        await caller.CancelAsync();
        BulkEntry[] entries = [new("1", new Publication("pubsub", "orders", "1"u8.ToArray(), "application/json", NoMetadata))];
        await Assert.ThrowsAsync<OperationCanceledException>(() => PubSubBlock.PublishManyAsync(PubSubBlock.Target(runtime.App, "pubsub", "orders"), isRaw: true, entries, caller.Token));
        Assert.Equal(0, brought);
    }

    [Fact]
    public async Task Delivery_OfMany_IsTimedOnce_AndCountsTheMessagesByWhatTheAppMakesOfThem()
    {
        await using var app = await TestApp.StartAsync(async context =>
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body, cancellationToken: TestSidecar.Cancellation);
            string[] said = ["SUCCESS", "RETRY", "DROP"];
            await context.Response.WriteAsJsonAsync(new { statuses = body.RootElement.GetProperty("entries").EnumerateArray().Select((e, i) => new { entryId = e.GetProperty("entryId").GetString(), status = said[i] }) });
        });
        using var measured = new Measured("delivery.many");
        var broker = new StubBroker(_ => Task.CompletedTask);
        await using var runtime = Runtime("delivery.many", broker, app.Url);
        await using var subscriptions = await AppSubscriptions.StartAsync(
            runtime.Arrival(new Subscription("pubsub", "orders", [], "/") { Bulk = new BulkOptions(3, TimeSpan.FromMinutes(1)) }), TestSidecar.Cancellation);
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => broker.Deliver(Message, TestSidecar.Cancellation)));
        const string labels = "messaging.consumer.group.name=stock messaging.destination.name=orders messaging.operation.name=process messaging.system=delivery.many";
        Assert.Equal(
            [
                $"messaging.client.consumed.messages 1 edgemesh.component=pubsub error.type=retry {labels}",
                $"messaging.client.consumed.messages 2 edgemesh.component=pubsub {labels}",
                $"messaging.process.duration 0 edgemesh.component=pubsub error.type=retry {labels}",
            ],
            measured.All);
    }

    [Fact]
    public async Task Instruments_HaveTheConventionsUnitsAndBuckets()
    {
        using var measured = new Measured("of no test");
        await using var runtime = new TestRuntime();
        double[] buckets = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
        foreach (var name in (string[])["messaging.client.operation.duration", "messaging.process.duration"])
        {
            var instrument = Assert.IsType<System.Diagnostics.Metrics.Histogram<double>>(measured.Instrument(name));
            Assert.Equal("s", instrument.Unit);
            Assert.Equal(buckets, instrument.Advice!.HistogramBucketBoundaries!);
        }

        Assert.All((string[])["messaging.client.sent.messages", "messaging.client.consumed.messages"], name => Assert.Equal("{message}", measured.Instrument(name).Unit));
    }

    private static BrokerMessage Message => new("orders", """{"specversion":"1.0","id":"1","source":"s","type":"t","data":1}"""u8.ToArray(), NoMetadata);

    private static void AssertDelivered(Measured measured, string system, string error)
    {
        var labels = $"edgemesh.component=pubsub {error}messaging.consumer.group.name=stock messaging.destination.name=orders messaging.operation.name=process messaging.system={system}";
        Assert.Equal([$"messaging.client.consumed.messages 1 {labels}", $"messaging.process.duration 0.25 {labels}"], measured.All);
    }

    private async Task DeliverAsync(string system, Postman postman)
    {
        var broker = new StubBroker(_ => Task.CompletedTask);
        await using var runtime = Runtime(system, broker);
        await using var open = await Delivery.OpenAsync(runtime.App, new Subscription("pubsub", "orders", [], "/"), postman, NullLogger.Instance, TestSidecar.Cancellation);
        await broker.Deliver(Message, TestSidecar.Cancellation);
    }

    private static Task PublishAsync(TestRuntime runtime) => PubSubBlock.PublishAsync(
        PubSubBlock.Target(runtime.App, "pubsub", "orders"), new Publication("pubsub", "orders", "1"u8.ToArray(), "application/json", NoMetadata), TestSidecar.Cancellation);

    private TestRuntime Runtime(string system, StubBroker broker, Uri? app = null)
    {
        var runtime = new TestRuntime(app, _clock);
        runtime.Put("pubsub", "pubsub." + system, ComponentDriver.Open(broker), ("consumerID", "stock"));
        return runtime;
    }

    /// <summary>A quarter of a second.</summary>
    private Task Later(Exception? error = null)
    {
        _clock.Advance(TimeSpan.FromMilliseconds(250));
        return error is null ? Task.CompletedTask : Task.FromException(error);
    }

    private sealed class StubBroker(Func<BrokerMessage, Task> publish) : IPubSubBroker
    {
        public BrokerHandler Deliver { get; private set; } = null!;

        public Task PublishAsync(BrokerMessage message, CancellationToken cancellation) => publish(message);

        public Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, BrokerHandler handler, CancellationToken cancellation)
        {
            Deliver = handler;
            return Task.FromResult<IAsyncDisposable>(this);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>As the producer of Kafka's client has one.</summary>
internal sealed class Generic<T> : Exception;
