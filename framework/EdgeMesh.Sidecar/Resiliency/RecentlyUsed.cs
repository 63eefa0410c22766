namespace EdgeMesh.Sidecar.Resiliency;

/// <summary>A bounded table: over its limit, what was not asked for longest is forgotten, and made anew when it is asked for again.</summary>
internal sealed class RecentlyUsed<TKey, TValue>(int limit)
    where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _nodes = [];

    /// <summary>The one that was asked for last comes first.</summary>
    private readonly LinkedList<(TKey Key, TValue Value)> _order = new();

    public TValue GetOrAdd(TKey key, Func<TKey, TValue> make)
    {
        lock (_lock)
        {
            if (_nodes.TryGetValue(key, out var node))
            {
                _order.Remove(node);
                _order.AddFirst(node);
                return node.Value.Value;
            }

            if (_nodes.Count >= limit)
            {
                _nodes.Remove(_order.Last!.Value.Key);
                _order.RemoveLast();
            }

            return (_nodes[key] = _order.AddFirst((key, make(key)))).Value.Value;
        }
    }
}
