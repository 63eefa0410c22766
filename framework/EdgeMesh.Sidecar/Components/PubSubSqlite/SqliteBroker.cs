namespace EdgeMesh.Sidecar.Components.PubSubSqlite;

/// <summary>A durable broker in one file of one process. A publish returns after it is synced; publishes that come together share a sync.
/// A group gets what was published since it first subscribed, also while nobody of it was there; its subscribers compete; what is not
/// acknowledged, or was in hand at a crash, comes again. A topic without a group keeps nothing. Bounds: see <see cref="SqliteBrokerOptions"/>.</summary>
internal sealed class SqliteBroker : IPubSubBroker
{
    private readonly SqliteBrokerOptions _options;
    private readonly BrokerFile _file;
    private readonly TimeProvider _clock;
    private readonly BrokerGroups _groups = new();
    private readonly BrokerRetention _retention;
    private readonly SemaphoreSlim _subscribing = new(1);

    private SqliteBroker(SqliteBrokerOptions options, BrokerFile file, TimeProvider clock)
    {
        (_options, _file, _clock) = (options, file, clock);
        BrokerRetention.Count(file.Writer, _groups);
        Writer = new BrokerWriter(file.Writer, $"broker {Path.GetFileName(options.Path)}");
        Reader = new BrokerReader(file.Reader);
        _retention = new BrokerRetention(options, Writer, _groups, _subscribing, clock);
    }

    public BrokerWriter Writer { get; }

    public BrokerReader Reader { get; }

    public static SqliteBroker Open(ComponentSpec spec, ComponentContext context)
    {
        var options = SqliteBrokerOptions.Read(spec, context);
        return new SqliteBroker(options, BrokerFile.Open(options.Path), context.Clock);
    }

    public string MessageId(long id) => $"{_file.Id}-{id}";

    public async Task PublishAsync(BrokerMessage message, CancellationToken cancellation)
    {
        if (_groups.Of(message.Topic).Count == 0)
        {
            return;
        }

        await Writer.InsertAsync(message, _clock.GetUtcNow(), cancellation);
        _groups.CountBytes(message.Data.Length);
        var isOver = _groups.Bytes > _options.MaxBytes;
        foreach (var group in _groups.Of(message.Topic))
        {
            group.Count(1);
            isOver |= group.Waiting > _options.MaxMessages;
            group.Dispatcher?.Wake();
        }

        if (isOver)
        {
            _retention.Run();
        }
    }

    public async Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, BrokerHandler handler, CancellationToken cancellation)
    {
        await _subscribing.WaitAsync(cancellation);
        try
        {
            var id = await Writer.AddGroupAsync(subscription.Topic, subscription.ConsumerGroup, _clock.GetUtcNow(), cancellation);
            var group = _groups.Add(id, subscription.Topic, subscription.ConsumerGroup);
            group.Dispatcher ??= new GroupDispatcher(group, this, _clock);
            return group.Dispatcher.Add(handler, Math.Max(subscription.InHand, _options.MaxInFlight));
        }
        finally
        {
            _subscribing.Release();
        }
    }

    /// <summary>A group has done with a message.</summary>
    public async Task AcknowledgeAsync(BrokerGroup group, long id)
    {
        _groups.CountBytes(-await Writer.AcknowledgeAsync(group, id));
        group.Count(-1);
    }

    public async ValueTask DisposeAsync()
    {
        await _retention.DisposeAsync();
        foreach (var group in _groups.All)
        {
            if (group.Dispatcher is { } dispatcher)
            {
                await dispatcher.DisposeAsync();
            }
        }

        await Writer.DisposeAsync();
        Reader.Dispose();
        _file.Dispose();
        _subscribing.Dispose();
    }
}
