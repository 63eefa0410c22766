using System.Runtime.InteropServices;

namespace EdgeMesh.Telemetry;

/// <summary>Drains the spool into the data stream. Each record has an id of its own and is created, never replaced; what a lost answer
/// left in doubt is asked for across the whole stream, as the index refuses a second one within one backing index only.</summary>
internal sealed class LogShipper(LogSpool spool, LogShippingOptions options, ElasticClient client, EcsOrigin origin, TimeProvider clock)
{
    private const long LeastQuotaInBatches = 16;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(500);

    private readonly DeadLetters _dead = new(options.Spool.Folder, options.DeadLetterQuota, clock);
    private readonly Backoff _backoff = new(options.Random, FirstPause);
    private readonly StreamCalls _calls = new(client, options.Stream);

    /// <summary>One for the batch that is under way, one for the next.</summary>
    private readonly BulkRequest[] _requests = [new(), new()];
    private readonly Lock _gate = new();
    private LogShippingStatus _status = new();
    private int _most = options.BatchRecords;

    public LogShippingStatus Status
    {
        get
        {
            lock (_gate)
            {
                return _status with { ClockOffset = client.ClockOffset };
            }
        }
    }

    /// <summary>Called when state or reason change.</summary>
    public Action<LogShippingStatus>? Changed { get; set; }

    /// <summary>Until cancelled.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        await SetUpAsync(cancellation);
        while (true)
        {
            var news = spool.News;
            if (!await KeepAsync(() => DrainAsync(cancellation), cancellation))
            {
                Tell(LogShippingState.Idle, null);
                await KeepAsync(SaveAsync, cancellation);
                await news.WaitAsync(cancellation);
                await Task.Delay(options.Linger, clock, cancellation);
            }
        }
    }

    /// <summary>Shipping has ended by a fault of its own: nobody must take its silence for peace.</summary>
    public void Fail(Exception error) => Tell(LogShippingState.Held, $"Shipping has ended by a fault of its own; records are kept for the next start. {error}");

    private async Task SetUpAsync(CancellationToken cancellation)
    {
        var setup = new StreamSetup(client, options.CreateTemplates);
        while (await setup.RunAsync(cancellation) is { Ready: false } outcome)
        {
            await PauseAsync(outcome.ByItself ? LogShippingState.Waiting : LogShippingState.Held, outcome.Reason, cancellation);
        }

        _backoff.Reset();
    }

    /// <summary>Delivers all that is there. False: there was nothing.</summary>
    private async Task<bool> DrainAsync(CancellationToken cancellation)
    {
        var any = false;
        var request = _requests[0];
        var batch = Prepare(behind: null, request, _most);
        // A gap that stands in the ledger from before was perhaps told by a process that ended then.
        var gap = spool.Gaps.Take();
        while (batch is not null || gap is not null)
        {
            await client.CompareClocksAsync(cancellation);
            var next = batch is not null && ReadsAhead(batch) ? PrepareBesideAsync(batch, Other(request), _most) : null;
            try
            {
                await DeliverAsync(request, batch, gap, cancellation);
            }
            finally
            {
                // Nobody else may find it at work when this ends here.
                await ((Task?)next ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            (any, request) = (true, Other(request));
            batch = next is null ? Prepare(behind: null, request, _most) : await next;
            gap = spool.Gaps.Take();
        }

        return any;
    }

    /// <summary>While the index takes all that it is given. Else the link or the index is what is waited for, and the next batch is better read when its turn
    /// comes: what matters most by then comes first, and a small spool does not have to keep two. A batch that is not full shows the spool's end: what
    /// comes behind it gathers while it is under way.</summary>
    private bool ReadsAhead(SpoolBatch batch) =>
        batch.IsFull && _status.State == LogShippingState.Draining && options.BytesPerSecond is null && options.Spool.Quota >= LeastQuotaInBatches * options.BatchBytes;

    private BulkRequest Other(BulkRequest request) => request == _requests[0] ? _requests[1] : _requests[0];

    /// <summary>While a batch is under way: the index waits for nobody who reads, compresses and syncs.</summary>
    private Task<SpoolBatch?> PrepareBesideAsync(SpoolBatch batch, BulkRequest request, int most) => Task.Run(() => Prepare(behind: batch, request, most), CancellationToken.None);

    /// <summary>Reads, writes down that it will be sent, and writes the request as far as one may be long now: that changes while one is under way, so it is given.</summary>
    private SpoolBatch? Prepare(SpoolBatch? behind, BulkRequest request, int most)
    {
        var batch = spool.Read(options.BatchRecords, options.BatchBytes, behind);
        if (batch is not null)
        {
            spool.Cursor.Send(batch.Ends);
            var records = CollectionsMarshal.AsSpan(batch.Records);
            _calls.Write(request, records[..Math.Min(records.Length, most)]);
        }

        return batch;
    }

    private async Task DeliverAsync(BulkRequest request, SpoolBatch? batch, (Gap Gap, bool Again)? gap, CancellationToken cancellation)
    {
        List<SpooledRecord> records = [.. batch?.Records ?? []];
        if (gap is { Gap: { } told })
        {
            records.Insert(0, GapRecord.Of(told, origin));
        }

        await DeliverAsync(request, records, batch is { InDoubt: true } || gap is { Again: true }, cancellation);
        if (gap is not null)
        {
            spool.Gaps.Confirm();
        }

        if (batch is not null)
        {
            spool.Deliver(batch);
        }
    }

    private async Task DeliverAsync(BulkRequest request, List<SpooledRecord> pending, bool inDoubt, CancellationToken cancellation)
    {
        while (pending.Count > 0)
        {
            if (inDoubt)
            {
                var (found, fault) = await _calls.FindAsync(pending, cancellation);
                if (found is null)
                {
                    await PauseAsync(fault.IsRefusal ? LogShippingState.Held : LogShippingState.Waiting, $"Whether records arrived can't be asked: {fault.Reason}", cancellation);
                    continue;
                }

                pending.RemoveAll(r => found.Contains(r.Id));
                Count(s => s with { AlreadyThere = s.AlreadyThere + found.Count });
                inDoubt = false;
                continue;
            }

            var count = Math.Min(pending.Count, _most);
            var answer = await _calls.BulkAsync(request, CollectionsMarshal.AsSpan(pending)[..count], cancellation);
            inDoubt = answer.InDoubt;
            if (answer.Items is { } items)
            {
                inDoubt |= await SettleAsync(pending, items, cancellation);
            }
            else if (answer.TooLarge)
            {
                Shrink(pending, count);
            }
            else
            {
                await PauseAsync(answer.Held ? LogShippingState.Held : LogShippingState.Waiting, answer.Reason, cancellation);
            }
        }
    }

    /// <summary>Removes what is settled. True: some of what is left may have arrived.</summary>
    private async Task<bool> SettleAsync(List<SpooledRecord> pending, BulkItem[] items, CancellationToken cancellation)
    {
        var tally = BulkTally.Of(CollectionsMarshal.AsSpan(pending)[..items.Length], items);
        if (tally.Dead.Count > 0)
        {
            _dead.Add(tally.Dead);
        }

        pending.RemoveRange(0, items.Length);
        pending.InsertRange(0, tally.Again);
        Count(s => s with
        {
            Delivered = s.Delivered + tally.Created,
            AlreadyThere = s.AlreadyThere + tally.AlreadyThere,
            Quarantined = s.Quarantined + tally.Quarantined,
            DeadLettered = s.DeadLettered + tally.Dead.Count,
            LastDelivery = tally.Created > 0 ? clock.GetUtcNow() : s.LastDelivery,
        });
        if (tally.Again.Count < items.Length)
        {
            Tell(LogShippingState.Draining, null);
            _backoff.Reset();
            _most = Math.Min(options.BatchRecords, _most + (_most / 8) + 1);
        }

        if (tally.Again.Count > 0)
        {
            await PauseAsync(tally.Held is null ? LogShippingState.Waiting : LogShippingState.Held, tally.Held ?? "the index is busy", cancellation);
        }

        return tally.InDoubt;
    }

    /// <summary>Whatever stands between refuses bodies of this size: halves, down to the one record that is too large for it.</summary>
    private void Shrink(List<SpooledRecord> pending, int count)
    {
        if (count > 1)
        {
            _most = count / 2;
            return;
        }

        _dead.Add([(pending[0], 413, "too large for the index or what stands before it")]);
        pending.RemoveAt(0);
        Count(s => s with { DeadLettered = s.DeadLettered + 1 });
    }

    private Task<bool> SaveAsync()
    {
        spool.Cursor.Save();
        return Task.FromResult(true);
    }

    /// <summary>A disk that refuses (the cursor, the dead letters) is waited for: what is not on disk must not go on.</summary>
    private async Task<bool> KeepAsync(Func<Task<bool>> act, CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                return await act();
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                await PauseAsync(LogShippingState.Waiting, $"The spool's folder can't be used: {error.Message}", cancellation);
            }
        }
    }

    private async Task PauseAsync(LogShippingState state, string? reason, CancellationToken cancellation)
    {
        Tell(state, reason);
        await Task.Delay(_backoff.Next(state == LogShippingState.Held ? options.LongestHold : options.LongestPause), clock, cancellation);
    }

    private void Tell(LogShippingState state, string? reason)
    {
        LogShippingStatus? changed;
        lock (_gate)
        {
            changed = (_status.State, _status.Reason) == (state, reason) ? null : _status = _status with { State = state, Reason = reason };
        }

        if (changed is not null)
        {
            Changed?.Invoke(changed);
        }
    }

    private void Count(Func<LogShippingStatus, LogShippingStatus> change)
    {
        lock (_gate)
        {
            _status = change(_status);
        }
    }
}
