namespace EdgeMesh.Replication.Storage;

/// <summary>What was used last, up to a number of bytes. Two generations: when the young one has half the bytes it becomes the old one,
/// and what nobody asked for since then goes.</summary>
internal sealed class RecentCache<TKey, TValue>(long limit, Func<TValue, long> cost)
    where TKey : notnull
{
    /// <summary>An entry with its key, about: many small values must not take many times the limit.</summary>
    private const int EntryBytes = 200;

    private readonly Lock _gate = new();
    private Dictionary<TKey, TValue> _young = [];
    private Dictionary<TKey, TValue> _old = [];
    private long _youngBytes;

    public bool TryGet(TKey key, out TValue? value)
    {
        lock (_gate)
        {
            if (_young.TryGetValue(key, out value))
            {
                return true;
            }

            if (!_old.Remove(key, out value))
            {
                return false;
            }

            Put(key, value);
            return true;
        }
    }

    public void Set(TKey key, TValue value)
    {
        lock (_gate)
        {
            _old.Remove(key);
            Put(key, value);
        }
    }

    public void Remove(TKey key)
    {
        lock (_gate)
        {
            _old.Remove(key);
            if (_young.Remove(key, out var gone))
            {
                _youngBytes -= cost(gone) + EntryBytes;
            }
        }
    }

    public void Clear()
    {
        lock (_gate)
        {
            (_young, _old, _youngBytes) = ([], [], 0);
        }
    }

    private void Put(TKey key, TValue value)
    {
        var bytes = cost(value) + EntryBytes;
        if (_young.TryGetValue(key, out var before))
        {
            _youngBytes -= cost(before) + EntryBytes;
        }

        _young[key] = value;
        _youngBytes += bytes;
        if (_youngBytes > limit / 2)
        {
            (_young, _old, _youngBytes) = ([], _young, 0);
        }
    }
}
