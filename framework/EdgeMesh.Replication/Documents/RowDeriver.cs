using System.Security.Cryptography;
using System.Threading.Channels;
using EdgeMesh.Replication.Codec;
using EdgeMesh.Replication.Storage;
using Google.Protobuf;

namespace EdgeMesh.Replication.Documents;

/// <summary>Writes derived rows behind the commits, in chunks, each guarded by the row that says how far they are complete: a writer that
/// was replaced, or comes late, loses that guard and can't overwrite newer rows. A crash leaves that row behind the head, and opening derives
/// the rest again by the same code.</summary>
internal sealed class RowDeriver : IAsyncDisposable
{
    private const int RowsPerTransaction = 60;
    private const int BytesPerTransaction = 768 * 1024;
    private const int ReplayLimit = 2_000;
    private const int BatchesPerWatermark = 256;
    private const int IdLength = 16;
    private static readonly ParallelOptions Deletes = new() { MaxDegreeOfParallelism = 8 };

    private readonly JournalKeys _keys;
    private readonly IJournalStore _store;
    private readonly JournalOptions _options;
    private readonly DerivedRows _rows;
    private readonly GuardedRow<Wire.Derived> _derived;
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _loop;

    public RowDeriver(JournalKeys keys, IJournalStore store, JournalOptions options, DerivedRows rows)
    {
        (_keys, _store, _options, _rows) = (keys, store, options, rows);
        _derived = new GuardedRow<Wire.Derived>(keys.Derived, Wire.Derived.Parser, d => d.Id, store, options);
        _loop = RunAsync();
    }

    /// <summary>Whether another writer has taken the rows over: the journal must be loaded anew.</summary>
    public bool IsFenced { get; private set; }

    /// <summary>Takes the rows over from whoever wrote them, and derives every batch between them and the head.</summary>
    public async ValueTask OpenAsync(Wire.Head head, BatchLog log, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            await TakeOverAsync(cancellation);
            var (epoch, batch) = (_derived.Value!.Epoch, _derived.Value.Batch);
            _rows.Clear((epoch, batch));
            foreach (var (number, last) in JournalHead.Epochs(head).Where(e => e.Epoch >= epoch))
            {
                for (var next = number == epoch ? batch + 1 : 1; next <= last; next++)
                {
                    await ReplayAsync(number, next, log, cancellation);
                }
            }

            await WriteWaitingAsync(BatchesPerWatermark, cancellation);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>There are rows to write soon.</summary>
    public void Wake() => _wake.Writer.TryWrite(true);

    /// <summary>Writes what waits. False: another writer has taken the rows over.</summary>
    /// <exception cref="JournalUnavailableException">The store does not answer; the rows keep waiting.</exception>
    public async ValueTask<bool> FlushAsync(int watermarkLag, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            return await WriteWaitingAsync(watermarkLag, cancellation);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Writes what waits, if the store answers.</summary>
    public async ValueTask DisposeAsync()
    {
        _wake.Writer.TryComplete();
        await _closing.CancelAsync();
        await _loop;
        await TryFlushAsync(1);
        _closing.Dispose();
        _one.Dispose();
    }

    private async Task RunAsync()
    {
        while (await _wake.Reader.WaitToReadAsync())
        {
            _wake.Reader.TryRead(out _);
            await PauseAsync(_options.DeriveDelay);
            if (!await TryFlushAsync(BatchesPerWatermark))
            {
                await PauseAsync(_options.StoreCallLimit / 10);
                _wake.Writer.TryWrite(true);
            }
        }
    }

    private async ValueTask<bool> TryFlushAsync(int watermarkLag)
    {
        try
        {
            // Fenced is an end too: the writer loads the journal anew before its next batch.
            await FlushAsync(watermarkLag, CancellationToken.None);
            return true;
        }
        catch (JournalUnavailableException)
        {
            return false;
        }
    }

    private async Task PauseAsync(TimeSpan pause)
    {
        try
        {
            await Task.Delay(pause, _options.Clock, _closing.Token);
        }
        catch (OperationCanceledException)
        {
            // The journal closes: what waits is written now.
        }
    }

    private async ValueTask TakeOverAsync(CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            await _derived.LoadAsync(cancellation);
            var next = Next(_derived.Value is { } row ? (row.Epoch, row.Batch) : (0, 0));
            if (await _derived.WriteAsync(next, [], cancellation))
            {
                IsFenced = false;
                return;
            }

            if (attempt == _options.Attempts)
            {
                throw new JournalUnavailableException($"'{_keys.Derived}' is taken over again and again: one replica of a service may own its journal.");
            }
        }
    }

    private async ValueTask ReplayAsync(uint epoch, long number, BatchLog log, CancellationToken cancellation)
    {
        var effects = new BatchEffects(_keys, _rows);
        await effects.ApplyAsync(await log.ReadAsync(epoch, number, cancellation), epoch, number, cancellation);
        _rows.Publish(effects, epoch, number);
        if (_rows.Waiting > ReplayLimit)
        {
            await WriteWaitingAsync(1, cancellation);
        }
    }

    private async ValueTask<bool> WriteWaitingAsync(int watermarkLag, CancellationToken cancellation)
    {
        if (IsFenced || _derived.Value is not { } known)
        {
            return false;
        }

        var waiting = _rows.Take();
        var isLate = waiting.UpTo.Epoch != known.Epoch || waiting.UpTo.Batch - known.Batch >= watermarkLag;
        if (waiting.IsEmpty && !isLate)
        {
            return true;
        }

        await Parallel.ForEachAsync(waiting.Obsolete, Deletes, async (key, _) => await _store.DeleteBodyAsync(key, CancellationToken.None));
        var chunks = Chunks(waiting.Rows);
        for (var i = 0; i < chunks.Count; i++)
        {
            // Only the last chunk completes the batches.
            var next = Next(i == chunks.Count - 1 ? waiting.UpTo : (known.Epoch, known.Batch));
            if (!await _derived.WriteAsync(next, chunks[i], cancellation))
            {
                IsFenced = true;
                return false;
            }
        }

        _rows.Written(waiting);
        return true;
    }

    private static Wire.Derived Next((uint Epoch, long Batch) upTo) => new()
    {
        Format = WireModel.Current,
        Id = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(IdLength)),
        Epoch = upTo.Epoch,
        Batch = upTo.Batch,
    };

    private static List<List<RowWrite>> Chunks(IReadOnlyList<KeyValuePair<string, IMessage>> rows)
    {
        var chunks = new List<List<RowWrite>> { new() };
        var bytes = 0;
        foreach (var (key, message) in rows)
        {
            var value = message.ToByteArray();
            if (chunks[^1].Count == RowsPerTransaction || bytes + value.Length > BytesPerTransaction && bytes > 0)
            {
                chunks.Add([]);
                bytes = 0;
            }

            chunks[^1].Add(new RowWrite(key, value, RowGuard.None));
            bytes += value.Length;
        }

        return chunks;
    }
}
