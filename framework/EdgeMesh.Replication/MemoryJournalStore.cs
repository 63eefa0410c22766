using System.Globalization;

namespace EdgeMesh.Replication;

/// <summary>A journal's storage that lives as long as the object, for tests.</summary>
public sealed class MemoryJournalStore : IJournalStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, StoredRow> _rows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _bodies = new(StringComparer.Ordinal);
    private long _etag;

    /// <inheritdoc/>
    public ValueTask<StoredRow?> GetRowAsync(string key, CancellationToken cancellation)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_rows.GetValueOrDefault(key));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<StoredRow?>> GetRowsAsync(IReadOnlyList<string> keys, CancellationToken cancellation)
    {
        lock (_gate)
        {
            return ValueTask.FromResult<IReadOnlyList<StoredRow?>>([.. keys.Select(k => _rows.GetValueOrDefault(k))]);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> TransactAsync(IReadOnlyList<RowWrite> writes, CancellationToken cancellation)
    {
        lock (_gate)
        {
            foreach (var write in writes)
            {
                var current = _rows.GetValueOrDefault(write.Key);
                if (write.Guard.MustBeAbsent && current is not null || write.Guard.ETag is { } etag && current?.ETag != etag)
                {
                    return ValueTask.FromResult(false);
                }
            }

            foreach (var write in writes)
            {
                if (write.Value is { } value)
                {
                    _rows[write.Key] = new StoredRow(value.ToArray(), (++_etag).ToString(CultureInfo.InvariantCulture));
                }
                else
                {
                    _rows.Remove(write.Key);
                }
            }

            return ValueTask.FromResult(true);
        }
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>?> GetBodyAsync(string key, CancellationToken cancellation)
    {
        lock (_gate)
        {
            return ValueTask.FromResult(_bodies.TryGetValue(key, out var body) ? body : (ReadOnlyMemory<byte>?)null);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<ReadOnlyMemory<byte>?>> GetBodiesAsync(IReadOnlyList<string> keys, CancellationToken cancellation)
    {
        var bodies = new ReadOnlyMemory<byte>?[keys.Count];
        for (var i = 0; i < keys.Count; i++)
        {
            bodies[i] = await GetBodyAsync(keys[i], cancellation);
        }

        return bodies;
    }

    /// <inheritdoc/>
    public ValueTask PutBodiesAsync(IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> bodies, CancellationToken cancellation)
    {
        lock (_gate)
        {
            foreach (var (key, body) in bodies)
            {
                _bodies[key] = body.ToArray();
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DeleteBodyAsync(string key, CancellationToken cancellation)
    {
        lock (_gate)
        {
            _bodies.Remove(key);
        }

        return ValueTask.CompletedTask;
    }
}
