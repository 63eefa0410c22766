using EdgeMesh.Sidecar.Components.LockSqlite;
using StackExchange.Redis;

namespace EdgeMesh.Sidecar.Components.LockRedis;

/// <summary>Locks in Redis as daprd keeps them: one key for each, its value the owner, gone after its time.</summary>
internal sealed class RedisLockStore(ComponentSpec spec) : ILockStore, IServerDriver
{
    private const int Released = 1, Missing = -1;

    /// <summary>Deletes the lock if it is the owner's; tells a lock that is not there from one that is another's.</summary>
    private const string Release = """
        local holder = redis.call('GET', KEYS[1])
        if not holder then return -1 end
        if holder ~= ARGV[1] then return -2 end
        return redis.call('DEL', KEYS[1])
        """;

    private readonly RedisServer _server = new(spec);

    public Task ConnectAsync(CancellationToken cancellation) => _server.ConnectAsync(cancellation);

    public Task<bool> TryLockAsync(string resource, string owner, TimeSpan expiry, CancellationToken cancellation) =>
        _server.Database.StringSetAsync(resource, owner, expiry, when: When.NotExists).WaitAsync(cancellation);

    public async Task<UnlockOutcome> UnlockAsync(string resource, string owner, CancellationToken cancellation) =>
        (int)await _server.Database.ScriptEvaluateAsync(Release, [resource], [owner]).WaitAsync(cancellation) switch
        {
            Released => UnlockOutcome.Done,
            Missing => UnlockOutcome.NotLocked,
            _ => UnlockOutcome.HeldByAnother,
        };

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
