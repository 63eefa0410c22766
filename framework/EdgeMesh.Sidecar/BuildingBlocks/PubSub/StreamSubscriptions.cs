namespace EdgeMesh.Sidecar.BuildingBlocks.PubSub;

/// <summary>The subscriptions that an app holds by open streams of its own, as long as each is open. When its sidecar is about to stop they
/// end with the others, and the streams stay open for the answers to what the app has in hand.</summary>
internal sealed class StreamSubscriptions
{
    private readonly Lock _gate = new();
    private readonly HashSet<Held> _held = [];
    private bool _isEnding;

    /// <param name="subscription">Owned by what is returned.</param>
    /// <returns>To be disposed with the stream.</returns>
    public IAsyncDisposable Hold(IAsyncDisposable subscription)
    {
        var held = new Held(this, subscription);
        bool isLate;
        lock (_gate)
        {
            _held.Add(held);
            isLate = _isEnding;
        }

        if (isLate)
        {
            // The stream gets nothing; who disposes it waits for this.
            _ = held.End();
        }

        return held;
    }

    /// <summary>For good. Returns when the app has none of their messages in hand.</summary>
    public Task EndAsync()
    {
        Held[] held;
        lock (_gate)
        {
            (held, _isEnding) = ([.. _held], true);
        }

        return Task.WhenAll(held.Select(h => h.End()));
    }

    private sealed class Held(StreamSubscriptions all, IAsyncDisposable subscription) : IAsyncDisposable
    {
        private readonly Lazy<Task> _end = new(() => subscription.DisposeAsync().AsTask());

        public Task End() => _end.Value;

        public async ValueTask DisposeAsync()
        {
            lock (all._gate)
            {
                all._held.Remove(this);
            }

            await End();
        }
    }
}
