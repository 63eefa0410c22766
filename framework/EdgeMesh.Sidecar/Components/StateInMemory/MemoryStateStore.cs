using System.Globalization;

namespace EdgeMesh.Sidecar.Components.StateInMemory;

/// <summary>State that lives as long as the process.</summary>
internal sealed class MemoryStateStore : IStateStore
{
    private static readonly TimeSpan CleanupInterval = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, StateItem> _items = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly TimeProvider _clock;
    private readonly ITimer _cleanup;

    /// <summary>What an earlier store gave is no ETag of this one.</summary>
    private readonly string _origin = Guid.NewGuid().ToString("N")[..8] + "-";
    private long _writes;

    public MemoryStateStore(TimeProvider clock)
    {
        _clock = clock;
        _cleanup = clock.CreateTimer(_ => RemoveExpired(), null, CleanupInterval, CleanupInterval);
    }

    public int Count => _items.Count;

    public Task<StateItem?> GetAsync(string key, CancellationToken cancellation)
    {
        lock (_gate)
        {
            return Task.FromResult(Live(key));
        }
    }

    public Task<StateOutcome> WriteAsync(StateWrite write, CancellationToken cancellation) => TransactAsync([write], cancellation);

    public Task<StateOutcome> TransactAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellation)
    {
        lock (_gate)
        {
            foreach (var write in writes)
            {
                if (!MayWrite(write))
                {
                    return Task.FromResult(StateOutcome.ETagMismatch);
                }
            }

            foreach (var write in writes)
            {
                Apply(write);
            }

            return Task.FromResult(StateOutcome.Done);
        }
    }

    /// <summary>As in daprd's store, a first-write without an ETag fails on any existing key, also when it deletes.</summary>
    private bool MayWrite(StateWrite write) =>
        write.ETag is { } etag ? Live(write.Key)?.ETag == etag : !write.FirstWrite || Live(write.Key) is null;

    private void Apply(StateWrite write)
    {
        if (write.Value is not { } value)
        {
            _items.Remove(write.Key);
            return;
        }

        _items[write.Key] = new StateItem(value.ToArray(), _origin + (++_writes).ToString(CultureInfo.InvariantCulture))
        {
            ExpiresAt = write.TtlSeconds is > 0 and var seconds ? _clock.GetUtcNow().AddSeconds(seconds) : null,
        };
    }

    private StateItem? Live(string key)
    {
        if (!_items.TryGetValue(key, out var item))
        {
            return null;
        }

        if (item.ExpiresAt <= _clock.GetUtcNow())
        {
            _items.Remove(key);
            return null;
        }

        return item;
    }

    private void RemoveExpired()
    {
        lock (_gate)
        {
            var now = _clock.GetUtcNow();
            foreach (var (key, item) in _items)
            {
                if (item.ExpiresAt <= now)
                {
                    _items.Remove(key);
                }
            }
        }
    }

    public ValueTask DisposeAsync() => _cleanup.DisposeAsync();
}
