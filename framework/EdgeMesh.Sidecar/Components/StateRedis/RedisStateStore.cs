using System.Globalization;
using StackExchange.Redis;

namespace EdgeMesh.Sidecar.Components.StateRedis;

/// <summary>State in the hashes that daprd keeps in Redis: <c>data</c>, and <c>version</c> as the ETag. What one engine wrote the other
/// reads, replaces by ETag and deletes. A transaction is what Redis makes of it: operations run in one piece, and those that are not
/// refused are written even when another is. So this is no store for <c>heads</c>.</summary>
internal sealed class RedisStateStore : IStateStore, IServerDriver
{
    private static readonly RedisValue[] Hash = ["data", "version"];

    private readonly RedisServer _server;
    private readonly int? _defaultTtl;

    public RedisStateStore(ComponentSpec spec)
    {
        _server = new RedisServer(spec);
        _defaultTtl = spec.Text("ttlInSeconds") is null ? null : (int)spec.Number("ttlInSeconds", 0, -1, int.MaxValue);
    }

    public Task ConnectAsync(CancellationToken cancellation) => _server.ConnectAsync(cancellation);

    /// <summary>As with daprd, a key's TTL is not told.</summary>
    public async Task<StateItem?> GetAsync(string key, CancellationToken cancellation)
    {
        var values = await _server.Database.HashGetAsync(key, Hash).WaitAsync(cancellation);
        return values[0].IsNull ? null : new StateItem((ReadOnlyMemory<byte>)values[0], values[1].ToString());
    }

    /// <summary>All asked for at once: they share the connection, and the way there.</summary>
    public async Task<IReadOnlyList<StateItem?>> GetManyAsync(IReadOnlyList<string> keys, CancellationToken cancellation) =>
        await Task.WhenAll(keys.Select(k => GetAsync(k, cancellation)));

    /// <summary>Seen to its end, cancelled or not: the value's memory is the caller's again when this returns.</summary>
    public async Task<StateOutcome> WriteAsync(StateWrite write, CancellationToken cancellation)
    {
        if (IsNoVersion(write))
        {
            return StateOutcome.ETagInvalid;
        }

        var result = await RunAsync(_server.Database, write, write.FirstWrite);
        return Outcome(write, result);
    }

    public async Task<StateOutcome> TransactAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellation)
    {
        if (writes.Any(IsNoVersion))
        {
            return StateOutcome.ETagInvalid;
        }

        var transaction = _server.Database.CreateTransaction();
        // As with daprd, a transaction does not mark first-writes.
        var running = writes.Select(w => RunAsync(transaction, w, marksFirstWrite: false)).ToArray();
        if (!await transaction.ExecuteAsync())
        {
            throw new InvalidOperationException("Redis gave the transaction up.");
        }

        var results = await Task.WhenAll(running);
        return writes.Zip(results).All(p => Outcome(p.First, p.Second) == StateOutcome.Done) ? StateOutcome.Done : StateOutcome.ETagMismatch;
    }

    private Task<RedisResult> RunAsync(IDatabaseAsync database, StateWrite write, bool marksFirstWrite)
    {
        RedisValue version = write is { FirstWrite: false, ETag: null } || string.IsNullOrEmpty(write.ETag) ? "0" : write.ETag;
        RedisKey[] keys = [write.Key];
        return write.Value is { } value
            ? database.ScriptEvaluateAsync(RedisScripts.Set, keys, [version, value, marksFirstWrite, write.TtlSeconds ?? _defaultTtl ?? RedisScripts.KeepsTtl])
            : database.ScriptEvaluateAsync(RedisScripts.Delete, keys, [version]);
    }

    /// <summary>Versions are numbers; a delete compares whatever it is given.</summary>
    private static bool IsNoVersion(StateWrite write) =>
        write is { Value: not null, ETag.Length: > 0 } && !int.TryParse(write.ETag, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _);

    /// <exception cref="InvalidOperationException">A write without an ETag was refused, which daprd tells as a failure and not as a lost race.</exception>
    private static StateOutcome Outcome(StateWrite write, RedisResult result) => (long)result != RedisScripts.Refused ? StateOutcome.Done
        : write is { Value: not null, ETag: null } ? throw new InvalidOperationException($"failed to set key {write.Key}")
        : StateOutcome.ETagMismatch;

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
