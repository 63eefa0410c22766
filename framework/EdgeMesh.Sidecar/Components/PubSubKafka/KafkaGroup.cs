using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Components.PubSubKafka;

/// <summary>One consumer group's consumer: all its topics, each partition with a worker of its own. An offset is stored after the app took
/// the message, and committed from time to time and when a partition goes: a crash in between gives some messages again.</summary>
internal sealed partial class KafkaGroup : IAsyncDisposable
{
    /// <summary>The most that the client takes, in bytes.</summary>
    private const int MostFetched = 1_000_000_000;

    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan CommitInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(10);

    private readonly KafkaOptions _options;
    private readonly string _name;
    private readonly ILogger _logger;
    private readonly IConsumer<byte[]?, byte[]> _consumer;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, KafkaSubscription> _subscriptions = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isChanged;

    // Used by the consumer's thread only, where the client calls its handlers too.
    private readonly Dictionary<TopicPartition, KafkaPartition> _partitions = [];
    private readonly KafkaTopics _topics;

    public KafkaGroup(KafkaOptions options, string name, ILogger logger)
    {
        (_options, _name, _logger) = (options, name, logger);
        _consumer = new ConsumerBuilder<byte[]?, byte[]>(Config(options, name))
            .SetLogHandler(KafkaBroker.Quiet)
            .SetPartitionsAssignedHandler((_, assigned) => Assign(assigned))
            .SetPartitionsRevokedHandler((_, revoked) => Revoke(revoked.Select(r => r.TopicPartition)))
            .SetPartitionsLostHandler((_, lost) => Revoke(lost.Select(r => r.TopicPartition)))
            .Build();
        _topics = new KafkaTopics(_consumer.Handle);
        // A thread of its own: the client's calls block, and must not take threads from the pool that serves requests.
        new Thread(Run) { IsBackground = true, Name = $"kafka {name}" }.Start();
    }

    public string Name => _name;

    /// <summary>Null: this member of the group has the topic already.</summary>
    public KafkaSubscription? TryAdd(BrokerSubscription wanted, BrokerHandler handler)
    {
        var topic = wanted.Topic;
        var subscription = new KafkaSubscription(topic, handler, wanted.InHand, Leave);
        lock (_gate)
        {
            _isChanged |= _subscriptions.TryAdd(topic, subscription);
            return _subscriptions[topic] == subscription ? subscription : null;
        }
    }

    private void Leave(KafkaSubscription subscription)
    {
        lock (_gate)
        {
            _subscriptions.Remove(subscription.Topic);
            _isChanged = true;
        }
    }

    private void Run()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                Subscribe();
                Consume();
            }

            Revoke([.. _partitions.Keys]);
            _consumer.Close();
        }
        catch (Exception error)
        {
            // A fatal error of the client: it never consumes again, and says so.
            LogFailed(_name, error.Message);
        }
        finally
        {
            _consumer.Dispose();
            _ended.TrySetResult();
        }
    }

    /// <summary>One change for all that asked since the last: each makes the group share its partitions out anew.</summary>
    private void Subscribe()
    {
        string[] topics;
        lock (_gate)
        {
            if (!_isChanged)
            {
                return;
            }

            (_isChanged, topics) = (false, [.. _subscriptions.Keys]);
        }

        _topics.Prepare(topics, _stop.Token);
        if (topics.Length == 0)
        {
            _consumer.Unsubscribe();
        }
        else
        {
            _consumer.Subscribe(topics);
        }
    }

    private void Consume()
    {
        try
        {
            if (_consumer.Consume(Tick) is { Message: not null } result && _partitions.TryGetValue(result.TopicPartition, out var partition))
            {
                partition.Add(result);
            }
        }
        catch (ConsumeException error) when (!error.Error.IsFatal)
        {
            // A topic that is not made yet, a broker that is away: the client tries again by itself.
            LogConsume(_name, error.Error.Reason);
        }
    }

    private void Assign(List<TopicPartition> assigned)
    {
        foreach (var at in assigned)
        {
            if (Find(at.Topic) is { } subscription)
            {
                _partitions[at] = new KafkaPartition(_consumer, at, subscription, _options);
            }
        }

        foreach (var topic in assigned.Select(a => a.Topic).Distinct())
        {
            Find(topic)?.Stand();
        }
    }

    /// <summary>Blocks until what the app has in hand is settled: nobody else gets the partition before.</summary>
    private void Revoke(IEnumerable<TopicPartition> revoked)
    {
        var going = revoked.Select(r => _partitions.Remove(r, out var partition) ? partition : null).OfType<KafkaPartition>().ToArray();
        Task.WhenAll(going.Select(p => p.EndAsync())).GetAwaiter().GetResult();
        try
        {
            _consumer.Commit();
        }
        catch (KafkaException)
        {
            // Nothing to commit, or the group has moved on: the next owner gets these messages again.
        }
    }

    private KafkaSubscription? Find(string topic)
    {
        lock (_gate)
        {
            return _subscriptions.GetValueOrDefault(topic);
        }
    }

    internal static ConsumerConfig Config(KafkaOptions options, string group) => new(options.Client.ToDictionary(c => c.Key, c => c.Value))
    {
        GroupId = group,
        AutoOffsetReset = options.InitialOffset,
        EnableAutoOffsetStore = false,
        EnableAutoCommit = true,
        AutoCommitIntervalMs = (int)CommitInterval.TotalMilliseconds,
        AllowAutoCreateTopics = true,
        // How soon a topic is found that was not there when it was subscribed.
        TopicMetadataRefreshIntervalMs = (int)LookInterval.TotalMilliseconds,
        HeartbeatIntervalMs = (int)options.Heartbeat.TotalMilliseconds,
        SessionTimeoutMs = (int)options.Session.TotalMilliseconds,
        PartitionAssignmentStrategy = options.Assignment,
        FetchMinBytes = options.FetchMin,
        MaxPartitionFetchBytes = options.FetchDefault is { } fetch ? Math.Min(fetch, MostFetched) : null,
    };

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _ended.Task;
        _stop.Dispose();
    }

    [LoggerMessage(LogLevel.Warning, "Group {Group} can't consume now: {Reason}")]
    private partial void LogConsume(string group, string reason);

    [LoggerMessage(LogLevel.Error, "Group {Group} consumes no more: {Reason}. Restart the sidecar.")]
    private partial void LogFailed(string group, string reason);
}
