using System.Globalization;

namespace EdgeMesh.Sidecar.Components.StateInMemory;

/// <summary>State that lives as long as the process.</summary>
internal sealed class MemoryStateStore(TimeProvider clock) : IStateStore
{
    private readonly Dictionary<string, StateItem> _items = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private long _version;

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
                if (Check(write) is var outcome and not StateOutcome.Done)
                {
                    return Task.FromResult(outcome);
                }
            }

            foreach (var write in writes)
            {
                Apply(write);
            }

            return Task.FromResult(StateOutcome.Done);
        }
    }

    private StateOutcome Check(StateWrite write)
    {
        if (write.ETag is { } etag)
        {
            return !long.TryParse(etag, NumberStyles.None, CultureInfo.InvariantCulture, out _) ? StateOutcome.ETagInvalid
                : Live(write.Key)?.ETag == etag ? StateOutcome.Done
                : StateOutcome.ETagMismatch;
        }

        return write.FirstWrite && write.Value is not null && Live(write.Key) is not null ? StateOutcome.ETagMismatch : StateOutcome.Done;
    }

    private void Apply(StateWrite write)
    {
        if (write.Value is not { } value)
        {
            _items.Remove(write.Key);
            return;
        }

        _items[write.Key] = new StateItem(value.ToArray(), (++_version).ToString(CultureInfo.InvariantCulture))
        {
            ExpiresAt = write.TtlSeconds is > 0 and var seconds ? clock.GetUtcNow().AddSeconds(seconds) : null,
        };
    }

    private StateItem? Live(string key)
    {
        if (!_items.TryGetValue(key, out var item))
        {
            return null;
        }

        if (item.ExpiresAt <= clock.GetUtcNow())
        {
            _items.Remove(key);
            return null;
        }

        return item;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
