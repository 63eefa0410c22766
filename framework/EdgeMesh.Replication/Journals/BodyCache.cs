namespace EdgeMesh.Replication;

/// <summary>The bodies that were written or read last, up to a number of bytes: followers read what was just written from here.</summary>
internal sealed class BodyCache(long limit)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _values = new(StringComparer.Ordinal);
    private readonly Queue<string> _order = new();
    private long _bytes;

    public bool TryGet(string key, out ReadOnlyMemory<byte> value)
    {
        lock (_gate)
        {
            return _values.TryGetValue(key, out value);
        }
    }

    public void Add(string key, ReadOnlyMemory<byte> value)
    {
        lock (_gate)
        {
            if (!_values.TryAdd(key, value))
            {
                return;
            }

            _order.Enqueue(key);
            _bytes += value.Length;
            while (_bytes > limit && _order.TryDequeue(out var oldest))
            {
                if (_values.Remove(oldest, out var gone))
                {
                    _bytes -= gone.Length;
                }
            }
        }
    }

    public void Remove(string key)
    {
        lock (_gate)
        {
            if (_values.Remove(key, out var gone))
            {
                _bytes -= gone.Length;
            }
        }
    }
}
