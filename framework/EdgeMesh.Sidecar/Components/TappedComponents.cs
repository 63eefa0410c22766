namespace EdgeMesh.Sidecar.Components;

/// <summary>Components behind a test's tap.</summary>
internal static class TappedComponents
{
    public static object Behind(ComponentTap? tap, string component, object driver) => (tap, driver) switch
    {
        (null, _) => driver,
        (_, IStateStore store) => new TappedStore(tap, component, store),
        (_, IPubSubBroker broker) => new TappedBroker(tap, component, broker),
        _ => driver,
    };

    private sealed class TappedStore(ComponentTap tap, string component, IStateStore store) : IStateStore
    {
        public async Task<StateItem?> GetAsync(string key, CancellationToken cancellation)
        {
            StateItem? item = null;
            await tap(new ComponentCall(ComponentCallKind.StateRead, component, key, default), async () => item = await store.GetAsync(key, cancellation), cancellation);
            return item;
        }

        public Task<StateOutcome> WriteAsync(StateWrite write, CancellationToken cancellation) =>
            ThroughAsync([write], kept => store.WriteAsync(kept[0], cancellation), cancellation);

        public Task<StateOutcome> TransactAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellation) =>
            ThroughAsync(writes, kept => store.TransactAsync(kept, cancellation), cancellation);

        /// <summary>A transaction passes once for each of its keys, and happens when the last lets it. Values are the transport's buffers,
        /// which a tap may outlive: they are copied.</summary>
        private async Task<StateOutcome> ThroughAsync(IReadOnlyList<StateWrite> writes, Func<StateWrite[], Task<StateOutcome>> write, CancellationToken cancellation)
        {
            var outcome = StateOutcome.Done;
            var kept = writes.Select(w => w.Value is { } value ? w with { Value = value.ToArray() } : w).ToArray();
            Func<Task> next = async () => outcome = await write(kept);
            foreach (var one in kept.Reverse())
            {
                var (inner, kind) = (next, one.Value is null ? ComponentCallKind.StateDelete : ComponentCallKind.StateWrite);
                next = () => tap(new ComponentCall(kind, component, one.Key, one.Value ?? default), inner, cancellation);
            }

            await next();
            return outcome;
        }

        public ValueTask DisposeAsync() => store.DisposeAsync();
    }

    private sealed class TappedBroker(ComponentTap tap, string component, IPubSubBroker broker) : IPubSubBroker
    {
        public bool ExpiresMessages => broker.ExpiresMessages;

        /// <summary>A message that passes after its caller has gone is published all the same.</summary>
        public Task PublishAsync(BrokerMessage message, CancellationToken cancellation) => tap(
            new ComponentCall(ComponentCallKind.Publish, component, message.Topic, message.Data), () => broker.PublishAsync(message, CancellationToken.None), cancellation);

        public Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, BrokerHandler handler, CancellationToken cancellation) =>
            broker.SubscribeAsync(subscription, handler, cancellation);

        public ValueTask DisposeAsync() => broker.DisposeAsync();
    }
}
