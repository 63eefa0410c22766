namespace EdgeMesh.Sidecar.Components.PubSubSqlite;

/// <summary>A consumer group of a topic. It is kept in the file, and its messages with it, until nobody subscribed it for as long as messages are kept.</summary>
internal sealed class BrokerGroup(long id, string topic, string name)
{
    private long _waiting;

    public long Id { get; } = id;

    public string Topic { get; } = topic;

    public string Name { get; } = name;

    /// <summary>Null: nobody of this process subscribes it.</summary>
    public GroupDispatcher? Dispatcher { get; set; }

    /// <summary>About how many messages wait for it: changes are counted after they are durable.</summary>
    public long Waiting => Interlocked.Read(ref _waiting);

    public void Count(long change) => Interlocked.Add(ref _waiting, change);
}
