using System.Collections.Immutable;
using System.Threading.Channels;
using Google.Protobuf;
using Wire = EdgeMesh.Replication.Wire;

namespace EdgeMesh.Replication;

/// <summary>The one writer of a journal. Bodies go first; the commit point is one transaction: the head, guarded by its ETag and naming
/// the batch's random id, and the batch's row. After any error the head is read before anything is decided: our own id means that the
/// batch stands, an unchanged head means try again, anything else is a lost race, and every commit is decided anew.</summary>
internal sealed class JournalWriter : IAsyncDisposable
{
    private const int InlineBytes = 256 * 1024;
    private const int Attempts = 5;
    private const int WaitingLimit = 5_000;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly JournalName _name;
    private readonly JournalKeys _keys;
    private readonly IJournalStore _store;
    private readonly JournalOptions _options;
    private readonly DocumentHeads _heads;
    private readonly BatchLog _log;
    private readonly EpochMarker _marker;
    private readonly Channel<Work> _queue;
    private readonly Task _loop;
    private Task _deriving = Task.CompletedTask;
    private StoredRow _row;
    private TaskCompletionSource _moved = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public JournalWriter(JournalName name, JournalKeys keys, IJournalStore store, JournalOptions options, DocumentHeads heads, BatchLog log, EpochMarker marker, StoredRow row)
    {
        (_name, _keys, _store, _options, _heads, _log, _marker, _row) = (name, keys, store, options, heads, log, marker, row);
        Head = Wire.Head.Parser.ParseFrom(row.Value.Span);
        _queue = Channel.CreateBounded<Work>(new BoundedChannelOptions(options.QueueLimit) { SingleReader = true });
        _loop = RunAsync();
    }

    /// <summary>The durable head; replaced as a whole.</summary>
    public Wire.Head Head { get; private set; }

    /// <summary>Completes when the head moves.</summary>
    public Task Moved => Volatile.Read(ref _moved).Task;

    /// <summary>False: the queue is full.</summary>
    public bool TryEnqueue(Work work) => _queue.Writer.TryWrite(work);

    private async Task RunAsync()
    {
        var batch = new List<Work>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            while (batch.Count < _options.BatchLimit && _queue.Reader.TryRead(out var work))
            {
                batch.Add(work);
            }

            await WriteAsync(batch);
        }
    }

    /// <summary>Writes until every piece of work has its answer; a batch that is full leaves the rest to the next.</summary>
    private async Task WriteAsync(List<Work> works)
    {
        var left = works;
        try
        {
            while (left.Count > 0)
            {
                left = await WriteBatchAsync(left);
            }
        }
        catch (Exception error)
        {
            // The store did not answer after all attempts, or a policy threw: nobody knows more than the one who asks again.
            foreach (var work in left)
            {
                work.Fail(error is JournalUnavailableException ? error : new JournalUnavailableException($"Journal {_name}: {error.Message}", error));
            }
        }
    }

    private async Task<List<Work>> WriteBatchAsync(List<Work> works)
    {
        for (var attempt = 1; ; attempt++)
        {
            var builder = new BatchBuilder(_name, _keys, Head, _options.Clock.GetUtcNow());
            var taken = new List<Work>();
            foreach (var work in works.TakeWhile(w => builder.HasRoomFor(w.Records)))
            {
                await work.PlanAsync(builder, _heads, _log, _options);
                taken.Add(work);
            }

            if (builder.IsEmpty || await CommitAsync(builder, attempt))
            {
                taken.ForEach(w => w.Complete());
                return works.GetRange(taken.Count, works.Count - taken.Count);
            }
        }
    }

    /// <summary>True: durable. False: a lost race, plan anew.</summary>
    private async Task<bool> CommitAsync(BatchBuilder builder, int attempt)
    {
        var bodies = builder.TakeBodies(InlineBytes, out var row);
        var head = Head.Clone();
        (head.Batch, head.BatchId, head.Counter, head.LastIndex) = (builder.Number, ByteString.CopyFrom(builder.Id), builder.Counter, builder.NextIndex - 1);
        RowWrite[] writes =
        [
            new(_keys.Head, head.ToByteArray(), RowGuard.Matches(_row.ETag)),
            new(_keys.Batch(builder.Epoch, builder.Number), row.ToByteArray(), RowGuard.None),
        ];
        for (var tries = 1; ; tries++)
        {
            Exception? failure = null;
            try
            {
                if (tries == 1 && bodies.Count > 0)
                {
                    await _store.PutBodiesAsync(bodies, CancellationToken.None);
                }

                await _store.TransactAsync(writes, CancellationToken.None);
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                failure = error;
            }

            // True, false and an exception are all only hints: the head tells.
            var (stored, own) = await ReadHeadAsync(builder.Id);
            if (own)
            {
                await AcceptAsync(builder, bodies, head, stored!);
                return true;
            }

            if (stored is null || stored.ETag != _row.ETag)
            {
                await ReloadAsync(stored, attempt);
                return false;
            }

            if (tries == Attempts)
            {
                throw new JournalUnavailableException($"Journal {_name} could not be written after {Attempts} attempts. Ask again; the store behind 'heads' and 'bodies' must answer first.", failure);
            }

            if (failure is not null && bodies.Count > 0)
            {
                await PutAgainAsync(bodies);
            }

            await Task.Delay(Pause * tries, _options.Clock);
        }
    }

    private async Task PutAgainAsync(IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> bodies)
    {
        try
        {
            await _store.PutBodiesAsync(bodies, CancellationToken.None);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            throw new JournalUnavailableException($"Journal {_name}: bodies can't be written. Ask again; nothing was committed.", error);
        }
    }

    private async Task<(StoredRow? Row, bool Own)> ReadHeadAsync(byte[] id)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                var row = await _store.GetRowAsync(_keys.Head, CancellationToken.None);
                return (row, row is not null && Wire.Head.Parser.ParseFrom(row.Value.Span).BatchId.Span.SequenceEqual(id));
            }
            catch (Exception error) when (tries < Attempts && error is not OutOfMemoryException)
            {
                await Task.Delay(Pause * tries, _options.Clock);
            }
        }
    }

    private async Task AcceptAsync(BatchBuilder builder, IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> bodies, Wire.Head head, StoredRow stored)
    {
        foreach (var (key, body) in bodies)
        {
            _log.Remember(key, body);
        }

        _log.Remember(builder.Epoch, builder.Number, builder.Batch);
        await _heads.ApplyAsync(builder.Batch, builder.Epoch, builder.Number);
        (_row, Head) = (stored, head);
        _marker.Write(head.Epoch, head.Batch);
        Interlocked.Exchange(ref _moved, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
        await DeleteAsync(builder.Obsolete);
        await DeriveAsync(head.Epoch, head.Batch);
    }

    /// <summary>Behind the commit, one at a time; the writer waits only when too much is waiting.</summary>
    private async Task DeriveAsync(uint epoch, long upTo)
    {
        if (_deriving.IsCompleted)
        {
            _deriving = TryDeriveAsync(epoch, upTo);
        }

        if (_heads.Waiting > WaitingLimit)
        {
            await _deriving;
        }
    }

    private async Task TryDeriveAsync(uint epoch, long upTo)
    {
        try
        {
            await _heads.WriteAsync(epoch, upTo, CancellationToken.None);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // The rows keep waiting in the overlay and go with the next batch; after a crash recovery writes them.
        }
    }

    private async Task DeleteAsync(List<string> keys)
    {
        foreach (var key in keys.Distinct(StringComparer.Ordinal))
        {
            _log.Forget(key);
            try
            {
                await _store.DeleteBodyAsync(key, CancellationToken.None);
            }
            catch (Exception error) when (error is not OutOfMemoryException)
            {
                // The body stays, sealed under a key that is forgotten.
            }
        }
    }

    private async Task ReloadAsync(StoredRow? stored, int attempt)
    {
        if (stored is null || attempt >= Attempts)
        {
            throw new JournalUnavailableException($"Journal {_name}: {(stored is null ? "its head is gone" : "another writer keeps winning")}. One replica of a service may write its journal.");
        }

        _heads.Clear();
        _row = stored;
        Head = Wire.Head.Parser.ParseFrom(stored.Value.Span);
        await Recovery.DeriveAsync(_keys, _store, _heads, _log, Head, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop;
        await _deriving;
        if (_heads.Waiting > 0)
        {
            await TryDeriveAsync(Head.Epoch, Head.Batch);
        }
    }
}
