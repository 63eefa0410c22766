using System.Globalization;

namespace EdgeMesh.Keyring;

/// <summary>Keys that live as long as the process, for tests.</summary>
public sealed class MemoryKeyStore : IKeyStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, KeyRow> _rows = new(StringComparer.Ordinal);
    private long _version;

    /// <summary>The names of all rows, for tests that nothing personal is in them.</summary>
    internal IReadOnlyCollection<string> Keys
    {
        get
        {
            lock (_lock)
            {
                return [.. _rows.Keys];
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<KeyRow?> GetAsync(string key, CancellationToken cancellation)
    {
        lock (_lock)
        {
            return ValueTask.FromResult<KeyRow?>(_rows.TryGetValue(key, out var row) ? row : null);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> CommitAsync(IReadOnlyList<KeyWrite> writes, string? expected, CancellationToken cancellation)
    {
        lock (_lock)
        {
            var found = _rows.TryGetValue(writes[0].Key, out var first) ? first.ETag : null;
            if (found != expected)
            {
                return ValueTask.FromResult(false);
            }

            foreach (var (key, value) in writes)
            {
                Write(key, value);
            }

            return ValueTask.FromResult(true);
        }
    }

    private void Write(string key, byte[]? value)
    {
        if (value is null)
        {
            _rows.Remove(key);
            return;
        }

        _rows[key] = new KeyRow(value, (++_version).ToString(CultureInfo.InvariantCulture));
    }
}
