namespace EdgeMesh.Sidecar.Apps;

/// <summary>What an app holds by open streams of its own, subscriptions or actors, as long as each is open. When its sidecar stops, that ends
/// first, and the streams stay open for the answers to what the app has in hand.</summary>
internal sealed class OpenStreams
{
    private readonly Lock _gate = new();
    private readonly HashSet<Held> _held = [];
    private bool _isEnding;

    /// <param name="content">What the stream holds. Owned by what is returned.</param>
    /// <returns>To be disposed with the stream.</returns>
    public IAsyncDisposable Hold(IAsyncDisposable content)
    {
        var held = new Held(this, content);
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

    /// <summary>For good. Returns when the app has nothing of theirs in hand.</summary>
    public Task EndAsync()
    {
        Held[] held;
        lock (_gate)
        {
            (held, _isEnding) = ([.. _held], true);
        }

        return Task.WhenAll(held.Select(h => h.End()));
    }

    private sealed class Held(OpenStreams all, IAsyncDisposable content) : IAsyncDisposable
    {
        private readonly Lazy<Task> _end = new(() => content.DisposeAsync().AsTask());

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
