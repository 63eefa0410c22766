using System.Collections.Concurrent;
using System.Globalization;

namespace EdgeMesh.Ledger;

/// <summary>A ledger that lives as long as the process, for tests.</summary>
public sealed class MemoryLedgerStore : ILedgerStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LedgerRow> _rows = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ReadOnlyMemory<byte>> _bodies = new(StringComparer.Ordinal);
    private long _version;

    /// <summary>The bodies, for tests that damage them.</summary>
    internal IDictionary<string, ReadOnlyMemory<byte>> Bodies => _bodies;

    /// <inheritdoc/>
    public ValueTask<LedgerRow?> ReadAsync(string key, CancellationToken cancellation)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<LedgerRow?>(_rows.TryGetValue(key, out var row) ? row : null);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> WriteAsync(string key, ReadOnlyMemory<byte> value, string? expected, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if ((_rows.TryGetValue(key, out var row) ? row.ETag : null) != expected)
            {
                return ValueTask.FromResult(false);
            }

            _rows[key] = new LedgerRow(value.ToArray(), (++_version).ToString(CultureInfo.InvariantCulture));
            return ValueTask.FromResult(true);
        }
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string key, CancellationToken cancellation)
    {
        lock (_lock)
        {
            _rows.Remove(key);
            return ValueTask.CompletedTask;
        }
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>?> ReadBodyAsync(string key, CancellationToken cancellation) =>
        ValueTask.FromResult(_bodies.TryGetValue(key, out var body) ? body : default(ReadOnlyMemory<byte>?));

    /// <inheritdoc/>
    public ValueTask WriteBodyAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation)
    {
        _bodies[key] = value.ToArray();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask DeleteBodyAsync(string key, CancellationToken cancellation)
    {
        _bodies.TryRemove(key, out _);
        return ValueTask.CompletedTask;
    }
}
