using System.Collections.Concurrent;
using System.Threading.Channels;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.Tests.PubSub;

/// <summary>Subscriptions that change while their broker, which was there, is away.</summary>
public sealed class AppSubscriptionsTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly HashSet<string> Names = ["pubsub"];

    private readonly TestRuntime _runtime = new(new Uri("http://127.0.0.1:1"));
    private readonly Broker _broker = new();
    private AppSubscriptions _subscriptions = null!;

    public async ValueTask InitializeAsync()
    {
        Replace();
        _subscriptions = (AppSubscriptions)await AppSubscriptions.StartAsync(_runtime.Arrival(Of("first")), TestSidecar.Cancellation);
        Assert.Equal("first", await _broker.Stood.ReadAsync(TestSidecar.Cancellation));
        _broker.Leave();
    }

    [Fact]
    public async Task Declare_WhileTheBrokerIsAway_WaitsForNothing_AndStandsWhenItIsBack()
    {
        await _subscriptions.DeclareAsync([Of("second"), Of("third")]).WaitAsync(Patience, TestSidecar.Cancellation);
        Assert.Empty(_broker.Standing);
        _broker.Return();
        await StandAsync("second", "third");
        await _subscriptions.DisposeAsync();
        Assert.Empty(_broker.Standing);
    }

    [Fact]
    public async Task ConnectAgain_WhileTheBrokerIsAway_WaitsForNothing_AndStandsOnceWhenItIsBack()
    {
        for (var change = 0; change < 3; change++)
        {
            Replace();
            await _subscriptions.ConnectAgainAsync(Names).WaitAsync(Patience, TestSidecar.Cancellation);
        }

        _broker.Return();
        await StandAsync("first");
        await _subscriptions.DisposeAsync();
        Assert.Equal(2, _broker.Subscriptions);
    }

    [Fact]
    public async Task Dispose_WhileTheBrokerIsAway_WaitsForNothing()
    {
        await _subscriptions.DeclareAsync([Of("second")]).WaitAsync(Patience, TestSidecar.Cancellation);
        await _subscriptions.DisposeAsync().AsTask().WaitAsync(Patience, TestSidecar.Cancellation);
        _broker.Return();
        Assert.Empty(_broker.Standing);
    }

    private static Subscription Of(string topic) => new("pubsub", topic, [], "/");

    private void Replace() => _runtime.Put("pubsub", "pubsub.test", ComponentDriver.Open(_broker));

    private async Task StandAsync(params string[] topics)
    {
        var stood = new List<string>();
        while (stood.Count < topics.Length)
        {
            stood.Add(await _broker.Stood.ReadAsync(TestSidecar.Cancellation).AsTask().WaitAsync(Patience, TestSidecar.Cancellation));
        }

        Assert.Equal(topics.Order(), stood.Order());
    }

    public ValueTask DisposeAsync() => _runtime.DisposeAsync();

    /// <summary>Subscriptions stand when it is there.</summary>
    private sealed class Broker : IPubSubBroker
    {
        private readonly Channel<string> _stood = Channel.CreateUnbounded<string>();
        private volatile TaskCompletionSource? _back;
        private int _subscriptions;

        public ChannelReader<string> Stood => _stood.Reader;

        public ConcurrentDictionary<object, string> Standing { get; } = new();

        /// <summary>All that ever stood.</summary>
        public int Subscriptions => _subscriptions;

        public void Leave() => _back = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Return() => _back!.SetResult();

        public Task PublishAsync(BrokerMessage message, CancellationToken cancellation) => Task.CompletedTask;

        public async Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, BrokerHandler handler, CancellationToken cancellation)
        {
            await (_back?.Task ?? Task.CompletedTask).WaitAsync(cancellation);
            var stands = new Stands(this);
            Standing[stands] = subscription.Topic;
            Interlocked.Increment(ref _subscriptions);
            _stood.Writer.TryWrite(subscription.Topic);
            return stands;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private sealed class Stands(Broker broker) : IAsyncDisposable
        {
            public ValueTask DisposeAsync()
            {
                broker.Standing.TryRemove(this, out _);
                return ValueTask.CompletedTask;
            }
        }
    }
}
