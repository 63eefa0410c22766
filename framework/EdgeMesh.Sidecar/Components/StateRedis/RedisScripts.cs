namespace EdgeMesh.Sidecar.Components.StateRedis;

/// <summary>What Redis runs in one piece. The keys, fields and rules are daprd's, so that both engines may write the same hashes.</summary>
internal static class RedisScripts
{
    /// <summary>What a script answers when the version is another.</summary>
    public const int Refused = -1;

    /// <summary>Stands for no TTL given: the key keeps what it has.</summary>
    public const int KeepsTtl = int.MinValue;

    /// <summary>Arguments: the expected version (0: any), the value, 1 to mark a first-write, seconds to live. A key that is no hash is replaced.
    /// A marked key refuses to be written without its version from then on.</summary>
    public const string Set = """
        local key = KEYS[1]
        local version = redis.pcall('HGET', key, 'version')
        if type(version) == 'table' then
          redis.call('DEL', key)
          version = false
        end
        if version and version ~= '' and version ~= ARGV[1] then
          if ARGV[1] ~= '0' or redis.call('HEXISTS', key, 'first-write') == 1 then return -1 end
        end
        redis.call('HSET', key, 'data', ARGV[2])
        if ARGV[3] == '1' then redis.call('HSET', key, 'first-write', 0) end
        local written = redis.call('HINCRBY', key, 'version', 1)
        local ttl = tonumber(ARGV[4])
        if ttl > 0 then
          redis.call('EXPIRE', key, ttl)
        elseif ttl > -2147483648 then
          redis.call('PERSIST', key)
        end
        return written
        """;

    /// <summary>Argument: the expected version (0: any).</summary>
    public const string Delete = """
        local version = redis.pcall('HGET', KEYS[1], 'version')
        if version and type(version) ~= 'table' and version ~= '' and version ~= ARGV[1] and ARGV[1] ~= '0' then return -1 end
        return redis.call('DEL', KEYS[1])
        """;
}
