using System.Collections.Frozen;

namespace EdgeMesh.Sidecar.BuildingBlocks.Actors;

/// <summary>Which app of the process owns an actor: placement of a one-process site. Of several apps that host a type each id has one owner,
/// by the highest hash of app and id, so that an app which comes or goes moves only its own share. While a type changes hands, calls of it
/// wait, and its moved actors are drained where they were: there is never a second owner.</summary>
internal sealed class ActorDirectory
{
    private readonly SemaphoreSlim _change = new(1);
    private volatile Table _table = new([], FrozenSet<string>.Empty, FrozenSet<string>.Empty);

    public Reminders Reminders { get; } = new();

    /// <summary>Ends when an app has come or gone after the call.</summary>
    public Task NextChange => _table.Changed.Task;

    /// <summary>The app that owns an actor; null: nobody hosts the type.</summary>
    public async ValueTask<ActorHost?> OwnerAsync(ActorAddress actor, CancellationToken cancellation)
    {
        var table = _table;
        while (table.Moving.Contains(actor.Type))
        {
            await table.Changed.Task.WaitAsync(cancellation);
            table = _table;
        }

        return table.Owner(actor);
    }

    /// <summary>Whether an actor that was just activated may stay: the owner may have changed after the caller was told of it.</summary>
    public bool Owns(ActorHost host, ActorAddress actor)
    {
        var table = _table;
        return !table.Moving.Contains(actor.Type) && table.Owner(actor) == host;
    }

    /// <summary>An app's actors: those that it hosts by HTTP, or those of its streams, of which the last goes before the others. Those of one
    /// that leaves are the app's until their calls under way have ended.</summary>
    public IEnumerable<ActorHost> Of(string appId)
    {
        var table = _table;
        return table.Leaving.Concat(table.Hosts).Where(h => h.AppId == appId);
    }

    /// <summary>Whether the app has been asked for its actor types. An app may come later than its sidecar.</summary>
    public bool HasAsked(string appId) => _table.Asked.Contains(appId);

    public Task JoinAsync(ActorHost host) =>
        ChangeAsync(t => ([.. t.Hosts, host], t.Asked.Append(host.AppId)), drain => drain.DrainAsync(actor => !Keeps(drain, actor), isReplaced: drain.AppId == host.AppId));

    /// <param name="host">Who stops.</param>
    /// <param name="limit">How long its calls under way may take at most.</param>
    public Task LeaveAsync(ActorHost host, TimeSpan limit) =>
        ChangeAsync(t => ([.. t.Hosts.Where(h => h != host)], t.Asked), drain => drain == host ? drain.DrainAllAsync(limit) : drain.DrainAsync(actor => !Keeps(drain, actor)));

    private bool Keeps(ActorHost host, ActorAddress actor) => _table.Owner(actor) == host;

    private async Task ChangeAsync(Func<Table, (ActorHost[] Hosts, IEnumerable<string> Asked)> change, Func<ActorHost, Task> drain)
    {
        await _change.WaitAsync();
        try
        {
            var before = _table;
            var (hosts, asked) = change(before);
            var after = new Table(hosts, asked.ToFrozenSet(StringComparer.Ordinal), FrozenSet<string>.Empty);
            // Calls of a type that nobody hosted before, or nobody hosts any more, have nothing to wait for.
            var moving = after.Types.Where(type => before.Types.Contains(type) && !after.SameHosts(before, type)).ToFrozenSet(StringComparer.Ordinal);
            var moved = _table = after with { Moving = moving, Leaving = [.. before.Hosts.Except(hosts)], Changed = Table.NewChange() };
            before.Changed.TrySetResult();
            try
            {
                await Task.WhenAll(before.Hosts.Select(drain));
            }
            finally
            {
                _table = after;
                moved.Changed.TrySetResult();
            }
        }
        finally
        {
            _change.Release();
        }
    }

    /// <summary>Swapped whole.</summary>
    /// <param name="Hosts">Apps that host actors.</param>
    /// <param name="Asked">Apps that were asked whether they do.</param>
    /// <param name="Moving">Types that are changing hands.</param>
    private sealed record Table(ActorHost[] Hosts, FrozenSet<string> Asked, FrozenSet<string> Moving)
    {
        private readonly FrozenDictionary<string, ActorHost[]> _byType = Hosts
            .SelectMany(h => h.Types.Select(type => (type, host: h)))
            .GroupBy(h => h.type, StringComparer.Ordinal)
            .ToFrozenDictionary(g => g.Key, g => g.Select(h => h.host).Reverse().DistinctBy(h => h.AppId).ToArray(), StringComparer.Ordinal);

        /// <summary>Own nothing any more, and are being drained.</summary>
        public ActorHost[] Leaving { get; init; } = [];

        public TaskCompletionSource Changed { get; init; } = NewChange();

        public IReadOnlyCollection<string> Types => _byType.Keys;

        public static TaskCompletionSource NewChange() => new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool SameHosts(Table other, string type) => _byType[type].SequenceEqual(other._byType[type]);

        public ActorHost? Owner(ActorAddress actor) =>
            _byType.TryGetValue(actor.Type, out var hosts) ? hosts.Length == 1 ? hosts[0] : hosts.MaxBy(h => Weight(h.AppId, actor.Id)) : null;

        /// <summary>The same in every process and at every start: state is kept below the owner's name, so an id must stay where it was.</summary>
        private static ulong Weight(string app, string id)
        {
            var hash = Add(Add(14695981039346656037UL, app) ^ '/', id);
            // FNV leaves the last letters in the low bits; the highest hash must depend on all of them.
            hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdUL;
            return hash ^ (hash >> 33);
        }

        private static ulong Add(ulong hash, string text)
        {
            foreach (var letter in text)
            {
                hash = (hash ^ letter) * 1099511628211UL;
            }

            return hash;
        }
    }
}
