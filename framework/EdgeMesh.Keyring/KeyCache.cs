using System.Collections.Concurrent;

namespace EdgeMesh.Keyring;

/// <summary>Unwrapped keys, so that sealing and opening touch memory alone. Bounded: a full cache starts anew.
/// A key that was destroyed while somebody was still reading it from the store must not come back: whoever fills the cache says
/// since when its knowledge dates (<see cref="Now"/>), and knowledge older than a destruction is dropped.</summary>
internal sealed class KeyCache(int limit)
{
    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<string, DataKey> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<KeyScope, DataKey> _byScope = new();
    private long _destructions;

    public long Now => Volatile.Read(ref _destructions);

    public DataKey? Find(string id) => _byId.GetValueOrDefault(id);

    public DataKey? Current(KeyScope scope) => _byScope.GetValueOrDefault(scope);

    public void Add(DataKey key, long asOf) => Fill(asOf, () => Put(_byId, key.Id, key));

    public void AddCurrent(DataKey key, long asOf) => Fill(asOf, () =>
    {
        Put(_byId, key.Id, key);
        Put(_byScope, key.Scope, key);
    });

    /// <summary>Forgets what seals a scope, so that the next seal reads the store.</summary>
    public void Retire(KeyScope scope)
    {
        lock (_lock)
        {
            _destructions++;
            _byScope.TryRemove(scope, out _);
        }
    }

    public void Destroy(IEnumerable<string> ids)
    {
        lock (_lock)
        {
            _destructions++;
            foreach (var id in ids)
            {
                if (_byId.TryRemove(id, out var key) && _byScope.TryGetValue(key.Scope, out var current) && current.Id == id)
                {
                    _byScope.TryRemove(key.Scope, out _);
                }
            }
        }
    }

    private void Fill(long asOf, Action put)
    {
        lock (_lock)
        {
            if (asOf == _destructions)
            {
                put();
            }
        }
    }

    private void Put<TKey>(ConcurrentDictionary<TKey, DataKey> cache, TKey key, DataKey value)
        where TKey : notnull
    {
        if (cache.Count >= limit)
        {
            // Both at once: a scope's key is always found by its id too, so that destroying by id reaches both.
            _byId.Clear();
            _byScope.Clear();
            _byId[value.Id] = value;
        }

        cache[key] = value;
    }
}
