using System.Text;
using EdgeMesh.Sidecar.Components.ConfigurationSqlite;
using EdgeMesh.Sidecar.Components.LockSqlite;

namespace EdgeMesh.Sidecar.Components;

/// <summary>Components behind a test's tap, as one app has them.</summary>
internal static class TappedComponents
{
    public static object Behind(ComponentTap tap, string app, string component, object driver)
    {
        var door = new Door(tap, app, component);
        return driver switch
        {
            IStateStore store => new TappedStore(door, store),
            IPubSubBroker broker => new TappedBroker(door, broker),
            IOutputBinding binding => new TappedBinding(door, binding),
            ISecretStore secrets => new TappedSecrets(door, secrets),
            IConfigurationStore settings => new TappedConfiguration(door, settings),
            ILockStore locks => new TappedLocks(door, locks),
            _ => driver,
        };
    }

    private sealed record Door(ComponentTap Tap, string App, string Component)
    {
        public Task<T> PassAsync<T>(ComponentCallKind kind, string name, T undone, Func<CancellationToken, Task<T>> run, CancellationToken cancellation, ReadOnlyMemory<byte> data = default) =>
            Tap.RunAsync(new ComponentCall(kind, App, Component, name, data), undone, run, cancellation);
    }

    private sealed class TappedStore(Door door, IStateStore store) : IStateStore
    {
        public Task<StateItem?> GetAsync(string key, CancellationToken cancellation) =>
            door.PassAsync(ComponentCallKind.StateRead, key, null, token => store.GetAsync(key, token), cancellation);

        public Task<StateOutcome> WriteAsync(StateWrite write, CancellationToken cancellation) =>
            ThroughAsync([write], (kept, token) => store.WriteAsync(kept[0], token), cancellation);

        public Task<StateOutcome> TransactAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellation) =>
            ThroughAsync(writes, store.TransactAsync, cancellation);

        /// <summary>A transaction passes once for each of its keys, and happens when the last lets it. Values are the transport's buffers,
        /// which a tap may outlive: they are copied.</summary>
        private Task<StateOutcome> ThroughAsync(IReadOnlyList<StateWrite> writes, Func<StateWrite[], CancellationToken, Task<StateOutcome>> write, CancellationToken cancellation)
        {
            var kept = writes.Select(w => w.Value is { } value ? w with { Value = value.ToArray() } : w).ToArray();
            Func<CancellationToken, Task<StateOutcome>> next = token => write(kept, token);
            foreach (var one in kept.Reverse())
            {
                var (inner, kind) = (next, one.Value is null ? ComponentCallKind.StateDelete : ComponentCallKind.StateWrite);
                next = token => door.PassAsync(kind, one.Key, StateOutcome.Done, inner, token, one.Value ?? default);
            }

            return next(cancellation);
        }

        public ValueTask DisposeAsync() => store.DisposeAsync();
    }

    private sealed class TappedBroker(Door door, IPubSubBroker broker) : IPubSubBroker
    {
        public bool ExpiresMessages => broker.ExpiresMessages;

        public Task PublishAsync(BrokerMessage message, CancellationToken cancellation) => door.Tap.RunAsync(
            new ComponentCall(ComponentCallKind.Publish, door.App, door.Component, message.Topic, message.Data) { Metadata = message.Metadata },
            true,
            async token =>
            {
                await broker.PublishAsync(message, token);
                return true;
            },
            cancellation);

        public Task<IAsyncDisposable> SubscribeAsync(BrokerSubscription subscription, BrokerHandler handler, CancellationToken cancellation) =>
            broker.SubscribeAsync(subscription, handler, cancellation);

        public ValueTask DisposeAsync() => broker.DisposeAsync();
    }

    private sealed class TappedBinding(Door door, IOutputBinding binding) : IOutputBinding, IInputBinding
    {
        private readonly IInputBinding? _input = binding as IInputBinding;

        public IReadOnlyList<string> Operations => binding.Operations;

        public bool IsRead => _input?.IsRead == true;

        public bool IsMissable => _input?.IsMissable == true;

        /// <summary>The data is the transport's buffer, which a tap may outlive: it is copied.</summary>
        public Task<BindingAnswer> InvokeAsync(BindingRequest request, CancellationToken cancellation)
        {
            var kept = request with { Data = request.Data.ToArray() };
            var call = new ComponentCall(ComponentCallKind.BindingInvocation, door.App, door.Component, request.Operation, kept.Data) { Metadata = request.Metadata };
            return door.Tap.RunAsync(call, new BindingAnswer(null, BindingAnswer.NoMetadata), token => binding.InvokeAsync(kept, token), cancellation);
        }

        public Task ReadAsync(InputHandler handler, CancellationToken cancellation) => _input!.ReadAsync(handler, cancellation);
    }

    private sealed class TappedSecrets(Door door, ISecretStore secrets) : ISecretStore
    {
        public Task<IReadOnlyDictionary<string, string>?> GetAsync(string name, CancellationToken cancellation) =>
            AskAsync(name, null, token => secrets.GetAsync(name, token), cancellation);

        public Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>> GetAllAsync(CancellationToken cancellation) =>
            AskAsync("", new Dictionary<string, IReadOnlyDictionary<string, string>>(), secrets.GetAllAsync, cancellation);

        private async Task<T> AskAsync<T>(string name, T undone, Func<CancellationToken, Task<T>> ask, CancellationToken cancellation)
        {
            try
            {
                return await door.PassAsync(ComponentCallKind.SecretRead, name, undone, ask, cancellation);
            }
            catch (HttpRequestException error)
            {
                // What a tap throws is to the app the store's own failure.
                throw new SecretRefusalException(error.Message, error);
            }
        }
    }

    private sealed class TappedConfiguration(Door door, IConfigurationStore settings) : IConfigurationStore
    {
        private static readonly IReadOnlyDictionary<string, ConfigurationValue> Nothing = new Dictionary<string, ConfigurationValue>();

        /// <summary>Passes once for each of its keys, as a transaction does.</summary>
        public Task<IReadOnlyDictionary<string, ConfigurationValue>> GetAsync(IReadOnlyCollection<string> keys, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellation)
        {
            Func<CancellationToken, Task<IReadOnlyDictionary<string, ConfigurationValue>>> next = token => settings.GetAsync(keys, metadata, token);
            foreach (var key in keys.DefaultIfEmpty("").Reverse())
            {
                var inner = next;
                next = token => door.PassAsync(ComponentCallKind.ConfigurationRead, key, Nothing, inner, token);
            }

            return next(cancellation);
        }

        public IDisposable Listen(ConfigurationListener listener, IReadOnlyDictionary<string, string> metadata) => settings.Listen(listener, metadata);
    }

    private sealed class TappedLocks(Door door, ILockStore locks) : ILockStore
    {
        public Task<bool> TryLockAsync(string resource, string owner, TimeSpan expiry, CancellationToken cancellation) =>
            door.PassAsync(ComponentCallKind.Lock, resource, true, token => locks.TryLockAsync(resource, owner, expiry, token), cancellation, Encoding.UTF8.GetBytes(owner));

        public Task<UnlockOutcome> UnlockAsync(string resource, string owner, CancellationToken cancellation) =>
            door.PassAsync(ComponentCallKind.Unlock, resource, UnlockOutcome.Done, token => locks.UnlockAsync(resource, owner, token), cancellation, Encoding.UTF8.GetBytes(owner));
    }
}
