namespace EdgeMesh.Sidecar.Components;

/// <summary>What the state building block needs of a store. Keys arrive with their prefix (<c>app||key</c>). A store keeps nothing of a
/// write's memory after it returned: the buffers are the transport's.</summary>
internal interface IStateStore : IAsyncDisposable
{
    Task<StateItem?> GetAsync(string key, CancellationToken cancellation);

    /// <summary>In the order of the keys. A store that can read them in one call does.</summary>
    async Task<IReadOnlyList<StateItem?>> GetManyAsync(IReadOnlyList<string> keys, CancellationToken cancellation)
    {
        const int AtATime = 16;
        var items = new StateItem?[keys.Count];
        await Parallel.ForAsync(0, keys.Count, new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancellation },
            async (i, token) => items[i] = await GetAsync(keys[i], token));
        return items;
    }

    /// <summary>Sets or deletes one key.</summary>
    Task<StateOutcome> WriteAsync(StateWrite write, CancellationToken cancellation);

    /// <summary>All or nothing.</summary>
    Task<StateOutcome> TransactAsync(IReadOnlyList<StateWrite> writes, CancellationToken cancellation);
}

/// <param name="Value">The bytes as the client sent them.</param>
/// <param name="ETag">Opaque.</param>
internal sealed record StateItem(ReadOnlyMemory<byte> Value, string ETag)
{
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <param name="Key">With its prefix.</param>
/// <param name="Value">Null deletes.</param>
internal sealed record StateWrite(string Key, ReadOnlyMemory<byte>? Value)
{
    /// <summary>The value came as JSON (HTTP), not as bytes (gRPC): stores that daprd shares tell the two apart.</summary>
    public bool Json { get; init; }

    public string? ETag { get; init; }

    public bool FirstWrite { get; init; }

    /// <summary>Seconds; 0 or less: never expires.</summary>
    public int? TtlSeconds { get; init; }

    /// <summary>What the request says besides, for the outbox; null: nothing.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>The sidecar's own key, which no app has: it takes no prefix.</summary>
    public bool IsMarker { get; init; }

    /// <summary>What is wrong with the request's options; the building block refuses it.</summary>
    public string? Fault { get; init; }
}

internal enum StateOutcome
{
    Done,
    ETagMismatch,
    ETagInvalid,
}
