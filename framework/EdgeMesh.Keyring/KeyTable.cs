using System.Security.Cryptography;

namespace EdgeMesh.Keyring;

/// <summary>The rows of the store: <c>key/{id}</c> holds a key or a tombstone, <c>subject/{pseudonym}</c> lists the keys of a subject.
/// Both are sealed under the site's key. Every change goes through the subject's row, in one transaction with the key rows it touches: so
/// two writers never make two keys for one scope, an erasure finds every key there is, and a crash leaves either all of a change or nothing.</summary>
internal sealed class KeyTable(RowSeal seal, Func<string, string> pseudonym, IKeyStore store)
{
    private const int MaxKeys = 8192;
    private const int RowsPerCommit = 60;
    private const int Attempts = 100;

    /// <summary>The key; or null and why.</summary>
    public async ValueTask<(DataKey? Key, OpenFailure Failure)> FindAsync(string id, CancellationToken cancellation)
    {
        if (await store.GetAsync(KeyRowName(id), cancellation) is not { } found)
        {
            return (null, OpenFailure.UnknownKey);
        }

        var row = seal.Open(KeyRowName(id), found.Value.Span);
        return RowCodec.IsTombstone(row) ? (null, OpenFailure.Erased)
            : RowCodec.ReadKey(Convert.FromHexString(id), row) is { } key ? (key, default)
            : throw new InvalidDataException($"The keyring's row for key {id} is of a newer format. Run the version that wrote it.");
    }

    /// <summary>The key that seals a scope, made if there is none.</summary>
    public ValueTask<DataKey> CurrentAsync(KeyScope scope, CancellationToken cancellation) => ChangeAsync(scope.Subject, async keys =>
    {
        var newest = Newest(keys, scope.Class);
        return newest is not null && (await FindAsync(newest.Id, cancellation)).Key is { } key
            ? new Change<DataKey>(key, null, [])
            : Next(keys, scope, newest);
    }, cancellation);

    /// <summary>A new generation of a scope's key.</summary>
    public ValueTask<DataKey> RotateAsync(KeyScope scope, CancellationToken cancellation) =>
        ChangeAsync(scope.Subject, keys => ValueTask.FromResult(Next(keys, scope, Newest(keys, scope.Class))), cancellation);

    /// <summary>Takes another site's key; false when a different key has its id. What was erased here stays erased.</summary>
    public ValueTask<bool> ImportAsync(DataKey imported, CancellationToken cancellation) => ChangeAsync(imported.Scope.Subject, async keys =>
    {
        var (known, failure) = await FindAsync(imported.Id, cancellation);
        if (known is not null || failure == OpenFailure.Erased)
        {
            return new Change<bool>(known is null || CryptographicOperations.FixedTimeEquals(known.Secret, imported.Secret), null, []);
        }

        return new Change<bool>(true, [.. keys.Where(k => k.Id != imported.Id), new SubjectKey(imported.Id, imported.Scope.Class, 0)], [Row(imported)]);
    }, cancellation);

    /// <summary>Removes a key, as if it had never been here.</summary>
    public ValueTask<bool> ForgetAsync(DataKey key, CancellationToken cancellation) => ChangeAsync(key.Scope.Subject, keys =>
        ValueTask.FromResult(new Change<bool>(true, [.. keys.Where(k => k.Id != key.Id)], [new KeyWrite(KeyRowName(key.Id), null)])), cancellation);

    /// <summary>Replaces a subject's keys by tombstones, some at a time. A crash between leaves the rest listed for the next call.</summary>
    /// <returns>The ids of those destroyed; empty when none is left.</returns>
    public ValueTask<IReadOnlyList<string>> EraseSomeAsync(string subject, CancellationToken cancellation) => ChangeAsync(subject, keys =>
    {
        IReadOnlyList<string> ids = [.. keys.Take(RowsPerCommit).Select(k => k.Id)];
        return ValueTask.FromResult(ids.Count == 0
            ? new Change<IReadOnlyList<string>>(ids, null, [])
            : new Change<IReadOnlyList<string>>(ids, [.. keys.Skip(ids.Count)], [.. ids.Select(id => new KeyWrite(KeyRowName(id), seal.Seal(KeyRowName(id), RowCodec.Tombstone)))]));
    }, cancellation);

    private Change<DataKey> Next(IReadOnlyList<SubjectKey> keys, KeyScope scope, SubjectKey? newest)
    {
        if (keys.Count >= MaxKeys)
        {
            throw new InvalidOperationException($"A subject has {MaxKeys} data keys, which is the limit: rotate less often.");
        }

        var key = DataKey.Create(scope);
        return new Change<DataKey>(key, [.. keys, new SubjectKey(key.Id, scope.Class, (newest?.Generation ?? 0) + 1)], [Row(key)]);
    }

    /// <summary>Reads a subject's row, decides, and commits if the row is still the same; else once more.</summary>
    private async ValueTask<T> ChangeAsync<T>(string subject, Func<IReadOnlyList<SubjectKey>, ValueTask<Change<T>>> decide, CancellationToken cancellation)
    {
        var name = "subject/" + pseudonym(subject);
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var found = await store.GetAsync(name, cancellation);
            var change = await decide(Read(name, found));
            if (change.Keys is not { } keys
                || await store.CommitAsync([new KeyWrite(name, seal.Seal(name, RowCodec.WriteSubject(keys))), .. change.Rows], found?.ETag, cancellation))
            {
                return change.Result;
            }
        }

        throw new InvalidOperationException($"The keyring's row '{name}' changed {Attempts} times while it was being written. Is another instance of this service running at this site?");
    }

    private IReadOnlyList<SubjectKey> Read(string name, KeyRow? found) =>
        found is not { } row ? []
        : RowCodec.ReadSubject(seal.Open(name, row.Value.Span)) ?? throw new InvalidDataException($"The keyring's row '{name}' is of a newer format. Run the version that wrote it.");

    private KeyWrite Row(DataKey key) => new(KeyRowName(key.Id), seal.Seal(KeyRowName(key.Id), RowCodec.WriteKey(key)));

    private static SubjectKey? Newest(IReadOnlyList<SubjectKey> keys, string @class) =>
        keys.Where(k => k.Class == @class && k.Generation > 0).MaxBy(k => k.Generation);

    private static string KeyRowName(string id) => "key/" + id;

    /// <param name="Result">What the caller gets.</param>
    /// <param name="Keys">The subject's list afterwards; null: nothing changes.</param>
    /// <param name="Rows">The key rows that change with it.</param>
    private sealed record Change<T>(T Result, IReadOnlyList<SubjectKey>? Keys, IReadOnlyList<KeyWrite> Rows);
}
