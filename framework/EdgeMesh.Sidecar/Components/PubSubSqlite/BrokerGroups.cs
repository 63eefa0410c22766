namespace EdgeMesh.Sidecar.Components.PubSubSqlite;

/// <summary>The groups of the file, by topic. Publishers read it without a lock; who changes it replaces what they read.</summary>
internal sealed class BrokerGroups
{
    private readonly Lock _gate = new();
    private volatile Dictionary<string, BrokerGroup[]> _byTopic = new(StringComparer.Ordinal);
    private long _bytes;

    /// <summary>Bytes of all messages, about.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    public IEnumerable<BrokerGroup> All => _byTopic.Values.SelectMany(g => g);

    public IReadOnlyList<BrokerGroup> Of(string topic) => _byTopic.GetValueOrDefault(topic, []);

    public void CountBytes(long change) => Interlocked.Add(ref _bytes, change);

    /// <summary>The group of that id; a new one when it is not known yet.</summary>
    public BrokerGroup Add(long id, string topic, string name)
    {
        lock (_gate)
        {
            if (Array.Find([.. Of(topic)], g => g.Id == id) is { } known)
            {
                return known;
            }

            var group = new BrokerGroup(id, topic, name);
            _byTopic = new(_byTopic, StringComparer.Ordinal) { [topic] = [.. Of(topic), group] };
            return group;
        }
    }

    public void Remove(BrokerGroup group)
    {
        lock (_gate)
        {
            _byTopic = new(_byTopic, StringComparer.Ordinal) { [group.Topic] = [.. Of(group.Topic).Where(g => g != group)] };
        }
    }
}
