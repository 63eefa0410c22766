using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;

namespace EdgeMesh.Keyring;

/// <summary>Data keys per subject and class, wrapped by the site's key. Rows of the store: <c>key/{id}</c> holds a wrapped key or a
/// tombstone, <c>scope/{pseudonym of subject and class}</c> the id of the current generation, <c>subject/{pseudonym}</c> the ids of all
/// keys of a subject, so that erasure finds them. A crash between them leaves a key that nothing was sealed under.</summary>
public sealed class Keyring : IDisposable
{
    private const int CacheLimit = 20_000;
    private const byte Wrapped = 1;
    private const byte Tombstone = 2;

    private readonly SiteKeys _keys;
    private readonly IKeyStore _store;
    private readonly Key _exchange;
    private readonly ConcurrentDictionary<string, DataKey> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<KeyScope, DataKey> _byScope = new();
    private readonly SemaphoreSlim _make = new(1);

    /// <summary>Opens a keyring.</summary>
    public Keyring(SiteKeys keys, IKeyStore store)
    {
        (_keys, _store) = (keys, store);
        _exchange = Key.Import(KeyAgreementAlgorithm.X25519, keys.ExchangeKey, KeyBlobFormat.RawPrivateKey);
    }

    /// <summary>Seals under the current generation of the scope's data key, and makes that key if there is none (durable before this returns).
    /// The envelope names the key and commits to it, so it opens one way only.</summary>
    public ValueTask<ReadOnlyMemory<byte>> SealAsync(KeyScope scope, ReadOnlyMemory<byte> plaintext, ReadOnlyMemory<byte> associatedData, CancellationToken cancellation)
    {
        return _byScope.TryGetValue(scope, out var key)
            ? new(Envelope.Seal(key, plaintext.Span, associatedData.Span))
            : SlowAsync();

        async ValueTask<ReadOnlyMemory<byte>> SlowAsync() =>
            Envelope.Seal(await CurrentAsync(scope, cancellation), plaintext.Span, associatedData.Span);
    }

    /// <summary>Opens an envelope with whatever key it names.</summary>
    public async ValueTask<OpenResult> OpenAsync(ReadOnlyMemory<byte> envelope, ReadOnlyMemory<byte> associatedData, CancellationToken cancellation)
    {
        if (Envelope.KeyId(envelope.Span).IsEmpty)
        {
            return new OpenResult(default, OpenFailure.Tampered);
        }

        var (key, failure) = await FindAsync(Id(envelope), cancellation);
        if (key is null)
        {
            return new OpenResult(default, failure);
        }

        return Envelope.Open(key, envelope.Span, associatedData.Span) is { } plaintext
            ? new OpenResult(plaintext, null)
            : new OpenResult(default, OpenFailure.Tampered);
    }

    /// <summary>Wraps the data key that an envelope names for another site's public key (X25519), bound to the key's id.</summary>
    /// <exception cref="InvalidOperationException">The key is not here.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> WrapForAsync(ReadOnlyMemory<byte> envelope, ReadOnlyMemory<byte> recipientPublicKey, CancellationToken cancellation)
    {
        var (key, failure) = await FindAsync(Id(envelope), cancellation);
        return key is null
            ? throw new InvalidOperationException($"The data key of this envelope can't be shared: {failure}.")
            : KeyExchange.Wrap(key, recipientPublicKey.Span);
    }

    /// <summary>Takes a data key that another site wrapped for this one. False: not for this site's key, altered, or erased here.</summary>
    public async ValueTask<bool> ImportAsync(ReadOnlyMemory<byte> wrappedKey, CancellationToken cancellation)
    {
        if (KeyExchange.Unwrap(wrappedKey.Span, _exchange) is not { } key)
        {
            return false;
        }

        await _store.SetAsync(KeyRow(Convert.ToHexStringLower(key.Id)), WrapForSite(key), cancellation);
        Remember(key);
        return true;
    }

    /// <summary>Starts a new generation of the scope's key, for what is written from now on.</summary>
    public async ValueTask RotateAsync(KeyScope scope, CancellationToken cancellation)
    {
        await _make.WaitAsync(cancellation);
        try
        {
            var key = await MakeAsync(scope.Subject, cancellation);
            await _store.SetAsync(ScopeRow(scope), key.Id, cancellation);
            _byScope[scope] = key;
        }
        finally
        {
            _make.Release();
        }
    }

    /// <summary>Forgets the data key that an envelope names: a withdrawn copy can't be opened any more.</summary>
    public async ValueTask ForgetAsync(ReadOnlyMemory<byte> envelope, CancellationToken cancellation)
    {
        if (!Envelope.KeyId(envelope.Span).IsEmpty)
        {
            await DestroyAsync(Id(envelope), cancellation);
        }
    }

    /// <summary>Destroys every key of a subject; what was sealed under them is gone for good.</summary>
    public async ValueTask EraseAsync(string subject, CancellationToken cancellation)
    {
        await _make.WaitAsync(cancellation);
        try
        {
            foreach (var id in Ids(await _store.GetAsync(SubjectRow(subject), cancellation)))
            {
                await DestroyAsync(id, cancellation);
            }

            foreach (var scope in _byScope.Keys.Where(s => s.Subject == subject))
            {
                _byScope.TryRemove(scope, out _);
            }
        }
        finally
        {
            _make.Release();
        }
    }

    /// <summary>A keyed pseudonym, stable at this site: 32 lower-case hex digits.</summary>
    public string Pseudonym(string domain, string value) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(_keys.PseudonymKey, Encoding.UTF8.GetBytes($"{domain}\n{value}")).AsSpan(0, 16));

    /// <inheritdoc/>
    public void Dispose()
    {
        _exchange.Dispose();
        _make.Dispose();
    }

    private async ValueTask<DataKey> CurrentAsync(KeyScope scope, CancellationToken cancellation)
    {
        await _make.WaitAsync(cancellation);
        try
        {
            if (_byScope.TryGetValue(scope, out var known))
            {
                return known;
            }

            if (await _store.GetAsync(ScopeRow(scope), cancellation) is { } id && (await FindAsync(Convert.ToHexStringLower(id), cancellation)).Key is { } current)
            {
                return Current(scope, current);
            }

            var made = await MakeAsync(scope.Subject, cancellation);
            await _store.SetAsync(ScopeRow(scope), made.Id, cancellation);
            return Current(scope, made);
        }
        finally
        {
            _make.Release();
        }
    }

    private DataKey Current(KeyScope scope, DataKey key)
    {
        if (_byScope.Count >= CacheLimit)
        {
            _byScope.Clear();
        }

        return _byScope[scope] = key;
    }

    /// <summary>The subject's list is written before the key is used, so that an erasure finds every key that ever sealed anything.</summary>
    private async ValueTask<DataKey> MakeAsync(string subject, CancellationToken cancellation)
    {
        var key = new DataKey(RandomNumberGenerator.GetBytes(Envelope.KeyIdLength), RandomNumberGenerator.GetBytes(32));
        await _store.SetAsync(KeyRow(Convert.ToHexStringLower(key.Id)), WrapForSite(key), cancellation);
        var row = SubjectRow(subject);
        await _store.SetAsync(row, (byte[])[.. await _store.GetAsync(row, cancellation) ?? [], .. key.Id], cancellation);
        Remember(key);
        return key;
    }

    private async ValueTask<(DataKey? Key, OpenFailure Failure)> FindAsync(string id, CancellationToken cancellation)
    {
        if (_byId.TryGetValue(id, out var known))
        {
            return (known, default);
        }

        switch (await _store.GetAsync(KeyRow(id), cancellation))
        {
            case [Tombstone, ..]:
                return (null, OpenFailure.Erased);
            case [Wrapped, .. var wrapped] when UnwrapOwn(id, wrapped) is { } key:
                Remember(key);
                return (key, default);
            default:
                return (null, OpenFailure.UnknownKey);
        }
    }

    private async ValueTask DestroyAsync(string id, CancellationToken cancellation)
    {
        await _store.SetAsync(KeyRow(id), new[] { Tombstone }, cancellation);
        _byId.TryRemove(id, out _);
    }

    private void Remember(DataKey key)
    {
        if (_byId.Count >= CacheLimit)
        {
            _byId.Clear();
        }

        _byId[Convert.ToHexStringLower(key.Id)] = key;
    }

    private byte[] WrapForSite(DataKey key)
    {
        var row = new byte[1 + 12 + 32 + 16];
        row[0] = Wrapped;
        RandomNumberGenerator.Fill(row.AsSpan(1, 12));
        using var aes = new AesGcm(_keys.SiteKey, 16);
        aes.Encrypt(row.AsSpan(1, 12), key.Secret, row.AsSpan(13, 32), row.AsSpan(45), key.Id);
        return row;
    }

    private DataKey? UnwrapOwn(string id, ReadOnlySpan<byte> wrapped)
    {
        if (wrapped.Length != 12 + 32 + 16)
        {
            return null;
        }

        var (keyId, secret) = (Convert.FromHexString(id), new byte[32]);
        using var aes = new AesGcm(_keys.SiteKey, 16);
        try
        {
            aes.Decrypt(wrapped[..12], wrapped[12..44], wrapped[44..], secret, keyId);
            return new DataKey(keyId, secret);
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    private static string Id(ReadOnlyMemory<byte> envelope) => Convert.ToHexStringLower(Envelope.KeyId(envelope.Span));

    private static IEnumerable<string> Ids(byte[]? row) => (row ?? []).Chunk(Envelope.KeyIdLength).Select(Convert.ToHexStringLower);

    private static string KeyRow(string id) => "key/" + id;

    private string ScopeRow(KeyScope scope) => "scope/" + Pseudonym("scope", $"{scope.Subject}\n{scope.Class}");

    private string SubjectRow(string subject) => "subject/" + Pseudonym("subject", subject);
}
