using NSec.Cryptography;

namespace EdgeMesh.Keyring;

/// <summary>Data keys per subject and class, wrapped by the site's key. Keys in use are kept in memory, so one instance owns a store:
/// what another instance erases, this one would still open until it restarts.</summary>
public sealed class Keyring : IDisposable
{
    private const int DefaultCacheLimit = 20_000;

    private readonly byte[] _pseudonymKey;
    private readonly Key _exchange;
    private readonly KeyTable _table;
    private readonly KeyCache _cache;

    /// <summary>Opens a keyring.</summary>
    /// <param name="keys">The site's keys.</param>
    /// <param name="store">Where wrapped keys are.</param>
    /// <param name="cachedKeys">How many unwrapped keys stay in memory.</param>
    public Keyring(SiteKeys keys, IKeyStore store, int cachedKeys = DefaultCacheLimit)
    {
        _pseudonymKey = keys.PseudonymKey;
        _exchange = Key.Import(KeyAgreementAlgorithm.X25519, keys.ExchangeKey, KeyBlobFormat.RawPrivateKey);
        _table = new KeyTable(new RowSeal(keys.SiteKey), subject => Pseudonym("edgemesh.keyring.subject", subject), store);
        _cache = new KeyCache(cachedKeys);
    }

    /// <summary>Seals under the current generation of the scope's data key, and makes that key if there is none (durable before this returns).
    /// The envelope names the key and commits to it, so it opens one way only.</summary>
    public ValueTask<ReadOnlyMemory<byte>> SealAsync(KeyScope scope, ReadOnlyMemory<byte> plaintext, ReadOnlyMemory<byte> associatedData, CancellationToken cancellation)
    {
        return _cache.Current(scope) is { } key
            ? new(Envelope.Seal(key, plaintext.Span, associatedData.Span))
            : SlowAsync();

        async ValueTask<ReadOnlyMemory<byte>> SlowAsync()
        {
            var asOf = _cache.Now;
            var current = await _table.CurrentAsync(scope, cancellation);
            _cache.AddCurrent(current, asOf);
            return Envelope.Seal(current, plaintext.Span, associatedData.Span);
        }
    }

    /// <summary>Opens an envelope with whatever key it names.</summary>
    public async ValueTask<OpenResult> OpenAsync(ReadOnlyMemory<byte> envelope, ReadOnlyMemory<byte> associatedData, CancellationToken cancellation)
    {
        if (Envelope.KeyId(envelope.Span) is not { } id)
        {
            return new OpenResult(default, OpenFailure.Tampered);
        }

        var (key, failure) = await FindAsync(id, cancellation);
        if (key is null)
        {
            return new OpenResult(default, failure);
        }

        return Envelope.Open(key, envelope.Span, associatedData.Span) is { } plaintext
            ? new OpenResult(plaintext, null)
            : new OpenResult(default, OpenFailure.Tampered);
    }

    /// <summary>Wraps the data key that an envelope names for another site's public key (X25519), bound to the key's id. The class and
    /// subject go along, sealed.</summary>
    /// <returns>Empty when the key is not here: unknown, withdrawn or erased.</returns>
    /// <exception cref="ArgumentException">The public key is none.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> WrapForAsync(ReadOnlyMemory<byte> envelope, ReadOnlyMemory<byte> recipientPublicKey, CancellationToken cancellation) =>
        Envelope.KeyId(envelope.Span) is { } id && (await FindAsync(id, cancellation)).Key is { } key
            ? KeyExchange.Wrap(key, recipientPublicKey.Span)
            : default;

    /// <summary>Takes a data key that another site wrapped for this one. A key that was erased here stays erased; one that was forgotten
    /// comes back. False: not for this site's key, or altered.</summary>
    public async ValueTask<bool> ImportAsync(ReadOnlyMemory<byte> wrappedKey, CancellationToken cancellation) =>
        KeyExchange.Unwrap(wrappedKey.Span, _exchange) is { } key && await _table.ImportAsync(key, cancellation);

    /// <summary>Starts a new generation of the scope's key, for what is written from now on.</summary>
    public async ValueTask RotateAsync(KeyScope scope, CancellationToken cancellation)
    {
        await _table.RotateAsync(scope, cancellation);
        _cache.Retire(scope);
    }

    /// <summary>Forgets the data key that an envelope names: a withdrawn copy can't be opened any more (<see cref="OpenFailure.UnknownKey"/>).</summary>
    public async ValueTask ForgetAsync(ReadOnlyMemory<byte> envelope, CancellationToken cancellation)
    {
        if (Envelope.KeyId(envelope.Span) is { } id && (await _table.FindAsync(id, cancellation)).Key is { } key)
        {
            await _table.ForgetAsync(key, cancellation);
            _cache.Destroy([id]);
        }
    }

    /// <summary>Destroys every key of a subject, this site's and imported ones; what was sealed under them is gone for good. Call it again
    /// after a failure: it goes on where it was. What is sealed for the subject afterwards is under a new key.</summary>
    public async ValueTask EraseAsync(string subject, CancellationToken cancellation)
    {
        while (await _table.EraseSomeAsync(subject, cancellation) is { Count: > 0 } destroyed)
        {
            _cache.Destroy(destroyed);
        }
    }

    /// <summary>A keyed pseudonym, stable at this site: 32 lower-case hex digits.</summary>
    public string Pseudonym(string domain, string value) => SiteKeys.Pseudonym(_pseudonymKey, domain, value);

    /// <inheritdoc/>
    public void Dispose() => _exchange.Dispose();

    private async ValueTask<(DataKey? Key, OpenFailure Failure)> FindAsync(string id, CancellationToken cancellation)
    {
        if (_cache.Find(id) is { } known)
        {
            return (known, default);
        }

        var asOf = _cache.Now;
        var (key, failure) = await _table.FindAsync(id, cancellation);
        if (key is not null)
        {
            _cache.Add(key, asOf);
        }

        return (key, failure);
    }
}
