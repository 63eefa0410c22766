using System.Globalization;

namespace EdgeMesh.Replication;

/// <summary>A journal's storage that lives as long as the object.</summary>
public sealed class MemoryJournalStore : IJournalStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, StoredRow> _rows = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ReadOnlyMemory<byte>> _bodies = new(StringComparer.Ordinal);
    private long _etag;

    /// <summary>The keys of all bodies, for tests; no journal lists them.</summary>
    internal IReadOnlyList<string> BodyKeys
    {
        get
        {
            lock (_gate)
            {
                return [.. _bodies.Keys];
            }
        }
    }

    /// <summary>A copy, as a backup takes one.</summary>
    internal MemoryJournalStore Copy()
    {
        var copy = new MemoryJournalStore();
        lock (_gate)
        {
            foreach (var (key, row) in _rows)
            {
                copy._rows[key] = row;
            }

            foreach (var (key, body) in _bodies)
            {
                copy._bodies[key] = body;
            }

            copy._etag = _etag;
        }

        return copy;
    }

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
            if (!writes.All(Holds))
            {
                return ValueTask.FromResult(false);
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
            return ValueTask.FromResult(FindBody(key));
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ReadOnlyMemory<byte>?>> GetBodiesAsync(IReadOnlyList<string> keys, CancellationToken cancellation)
    {
        lock (_gate)
        {
            return ValueTask.FromResult<IReadOnlyList<ReadOnlyMemory<byte>?>>([.. keys.Select(FindBody)]);
        }
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

    private bool Holds(RowWrite write)
    {
        var current = _rows.GetValueOrDefault(write.Key);
        return !(write.Guard.MustBeAbsent && current is not null) && (write.Guard.ETag is not { } etag || current?.ETag == etag);
    }

    private ReadOnlyMemory<byte>? FindBody(string key) => _bodies.TryGetValue(key, out var body) ? body : (ReadOnlyMemory<byte>?)null;
}
