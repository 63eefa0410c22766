using System.Collections.Concurrent;

namespace EdgeMesh.Keyring;

/// <summary>Keys that live as long as the process, for tests.</summary>
public sealed class MemoryKeyStore : IKeyStore
{
    private readonly ConcurrentDictionary<string, byte[]> _rows = new(StringComparer.Ordinal);

    /// <inheritdoc/>
    public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellation) => ValueTask.FromResult(_rows.GetValueOrDefault(key));

    /// <inheritdoc/>
    public ValueTask<bool> AddAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation) => ValueTask.FromResult(_rows.TryAdd(key, value.ToArray()));

    /// <inheritdoc/>
    public ValueTask SetAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellation)
    {
        _rows[key] = value.ToArray();
        return ValueTask.CompletedTask;
    }

    /// <summary>The names of all rows, for tests that nothing personal is in them.</summary>
    public IReadOnlyCollection<string> Keys => [.. _rows.Keys];
}
