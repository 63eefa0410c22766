using System.Threading.Channels;
using EdgeMesh.Replication.Storage;

namespace EdgeMesh.Replication.Writing;

/// <summary>The one writer of a journal. It takes what waits as one batch; while that is written, the next one gathers. Values go first to
/// <c>bodies</c>; the commit point is one small transaction of the head and the batch's row. A crash before it leaves values that nobody
/// refers to; a crash after it leaves a batch that opening derives.</summary>
internal sealed class JournalWriter : IAsyncDisposable
{
    private const int RecordsPerBatch = 8_192;
    private const long BytesPerBatch = 8 * 1024 * 1024;

    private readonly JournalCore _core;
    private readonly Channel<Work> _queue;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _loop;

    public JournalWriter(JournalCore core)
    {
        _core = core;
        _queue = Channel.CreateBounded<Work>(new BoundedChannelOptions(core.Options.QueueLimit) { SingleReader = true });
        _loop = Task.Run(RunAsync);
    }

    /// <summary>False: the queue is full, or the journal closes.</summary>
    public bool TryEnqueue(Work work) => _queue.Writer.TryWrite(work);

    /// <summary>Finishes the batch that is being written; what still waits fails.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _closing.CancelAsync();
        await _loop;
        _closing.Dispose();
    }

    private async Task RunAsync()
    {
        while (await _queue.Reader.WaitToReadAsync())
        {
            var works = TakeBatch();
            try
            {
                await WriteAsync(works);
            }
            catch (Exception error)
            {
                // The store does not answer, or has lost what it held. Nobody can be told more than that; the next batch tries anew.
                var told = error as JournalUnavailableException ?? new JournalUnavailableException($"Journal {_core.Name} failed: {error.Message}", error);
                works.ForEach(w => w.Fail(told));
            }
        }
    }

    private List<Work> TakeBatch()
    {
        var works = new List<Work>();
        var (records, bytes) = (0, 0L);
        while (works.Count < _core.Options.BatchLimit && _queue.Reader.TryPeek(out var next))
        {
            (records, bytes) = (records + next.Records, bytes + next.Bytes);
            if (works.Count > 0 && (next.IsAlone || works[0].IsAlone || records > RecordsPerBatch || bytes > BytesPerBatch))
            {
                break;
            }

            _queue.Reader.TryRead(out _);
            works.Add(next);
        }

        return works;
    }

    private async Task WriteAsync(List<Work> works)
    {
        _closing.Token.ThrowIfCancellationRequested();
        for (var attempt = 1; attempt <= _core.Options.Attempts; attempt++)
        {
            await _core.RelieveAsync(_closing.Token);
            var builder = new BatchBuilder(_core);
            await builder.Effects.LoadAsync(works.SelectMany(w => w.Documents), _closing.Token);
            foreach (var work in works)
            {
                await work.PlanAsync(builder, _closing.Token);
            }

            if (builder.IsEmpty || await CommitAsync(builder))
            {
                works.ForEach(w => w.Complete());
                return;
            }

            await _core.ReloadAsync(_closing.Token);
        }

        throw new JournalUnavailableException($"Another writer keeps moving journal {_core.Name}: one replica of a service may own it.");
    }

    /// <summary>True: durable and shown. False: a lost race; everything is decided anew.</summary>
    private async ValueTask<bool> CommitAsync(BatchBuilder builder)
    {
        var (row, values) = builder.Close();
        // The ETag that the last transaction did not tell is read while the values are written.
        var refresh = _core.HeadRow.RefreshAsync(CancellationToken.None).AsTask();
        try
        {
            await PutAsync(values);
        }
        catch
        {
            await refresh.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw;
        }

        if (!await refresh)
        {
            return false;
        }

        var head = builder.NextHead();
        RowWrite[] batch = [new(_core.Keys.Batch(builder.Epoch, builder.Number), Google.Protobuf.MessageExtensions.ToByteArray(row), RowGuard.None)];
        if (!await _core.HeadRow.WriteAsync(head, batch, CancellationToken.None))
        {
            return false;
        }

        _core.Publish(builder, head, values);
        return true;
    }

    /// <summary>Values are named by the batch's random id and never change, so writing them again does no harm.</summary>
    private async ValueTask PutAsync(IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> values)
    {
        for (var attempt = 1; values.Count > 0; attempt++)
        {
            try
            {
                await _core.Store.PutBodiesAsync(values, CancellationToken.None);
                return;
            }
            catch (JournalUnavailableException) when (attempt < _core.Options.Attempts)
            {
                await Pauses.WaitAsync(_core.Options, attempt, CancellationToken.None);
            }
        }
    }
}
