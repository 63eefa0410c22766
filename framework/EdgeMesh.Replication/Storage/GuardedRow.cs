using Google.Protobuf;

namespace EdgeMesh.Replication.Storage;

/// <summary>A row that is replaced by compare and set, and carries a random id in each value. After any error the row is read before
/// anything is decided: our own id means success, the id we knew means try again, anything else is a lost race. A try that still travels
/// when we give up can only win or lose against the same ETag, so it is found, or found out, by the next write.</summary>
internal sealed class GuardedRow<T>(string key, MessageParser<T> parser, Func<T, ByteString> idOf, IJournalStore store, JournalOptions options)
    where T : class, IMessage<T>
{
    private string? _etag;
    private bool _isKnown;

    /// <summary>What was last read or written; null when the row does not exist.</summary>
    public T? Value { get; private set; }

    /// <summary>Reads the row, whatever was known of it.</summary>
    public async ValueTask LoadAsync(CancellationToken cancellation)
    {
        var (value, etag) = await ReadAsync(cancellation);
        (Value, _etag, _isKnown) = (value, etag, true);
    }

    /// <summary>Reads the ETag that the last write left unknown. False: somebody else has written the row.</summary>
    public async ValueTask<bool> RefreshAsync(CancellationToken cancellation)
    {
        if (_isKnown)
        {
            return true;
        }

        var (value, etag) = await ReadAsync(cancellation);
        if (!SameId(value, Value))
        {
            return false;
        }

        (_etag, _isKnown) = (etag, true);
        return true;
    }

    /// <summary>Replaces the row, together with <paramref name="others"/>. False: a lost race, and nothing was written.</summary>
    /// <exception cref="JournalUnavailableException">The store does not answer: the outcome is unknown.</exception>
    public async ValueTask<bool> WriteAsync(T next, IReadOnlyList<RowWrite> others, CancellationToken cancellation)
    {
        var value = next.ToByteArray();
        for (var attempt = 1; ; attempt++)
        {
            if (!await RefreshAsync(cancellation))
            {
                return false;
            }

            if (await TryAsync(value, others) is not { } failure)
            {
                // The transaction does not tell the new ETag: the next write reads it.
                (Value, _etag, _isKnown) = (next, null, false);
                return true;
            }

            var (found, etag) = await ReadBackAsync(cancellation);
            if (SameId(found, next))
            {
                (Value, _etag, _isKnown) = (next, etag, true);
                return true;
            }

            if (!SameId(found, Value))
            {
                _isKnown = false;
                return false;
            }

            (_etag, _isKnown) = (etag, true);
            if (attempt >= options.Attempts)
            {
                throw new JournalUnavailableException($"'{key}' could not be written in {attempt} attempts; the component 'heads' must answer first, then ask again.", failure);
            }

            await Pauses.WaitAsync(options, attempt, cancellation);
        }
    }

    /// <summary>Null: the store says that it is written. Not cancelled: a write that is under way is seen to its end.</summary>
    private async ValueTask<Exception?> TryAsync(byte[] value, IReadOnlyList<RowWrite> others)
    {
        try
        {
            var guard = _etag is null ? RowGuard.Absent : RowGuard.Matches(_etag);
            return await store.TransactAsync([new RowWrite(key, value, guard), .. others], CancellationToken.None)
                ? null
                : new JournalUnavailableException($"'{key}': the ETag was stale, though the row had not changed.");
        }
        catch (JournalUnavailableException error)
        {
            return error;
        }
    }

    private async ValueTask<(T? Value, string? ETag)> ReadBackAsync(CancellationToken cancellation)
    {
        _isKnown = false;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await ReadAsync(cancellation);
            }
            catch (JournalUnavailableException) when (attempt < options.Attempts)
            {
                await Pauses.WaitAsync(options, attempt, cancellation);
            }
        }
    }

    private async ValueTask<(T? Value, string? ETag)> ReadAsync(CancellationToken cancellation) =>
        await store.GetRowAsync(key, cancellation) is { } row ? (parser.ParseFrom(row.Value.Span), row.ETag) : (null, null);

    private bool SameId(T? left, T? right) => left is null || right is null ? left is null && right is null : idOf(left).Equals(idOf(right));
}
