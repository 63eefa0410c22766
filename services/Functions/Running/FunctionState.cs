using System.Security.Cryptography;
using System.Text;
using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Functions.Running;

/// <summary>What one function keeps at this site: a row for each key, and pages of an index that names them, since a store can't be asked what it has. A key and its
/// page are written in one transaction, so a crash leaves neither without the other. Writes come one at a time. A removal is marked before it begins: what
/// a crash leaves of it is deleted before anything is read or written again. Rows that a version before the index wrote are added to it
/// when they are first asked for; what a removal can't find of them counts as deleted.</summary>
internal sealed class FunctionState(DaprClient dapr, SiteIdentity identity, string function)
{
    private const string Store = "heads";
    private const int Pages = 32;
    private const int DeletedAtOnce = 32;

    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly string _index = $"{identity.Site}/functions/state/{function}";
    private volatile StatePage[]? _pages;
    private volatile int _life;
    private volatile int _removed;

    /// <summary>Whether the pages name all that there is. Read and written in turn.</summary>
    private bool _isWhole;

    /// <summary>Counts removals: a call that began before one neither reads nor writes after it, and is told <see cref="HostStatus.Unavailable"/>.</summary>
    public int Life => _life;

    /// <summary>How long the store has for each write.</summary>
    public TimeSpan WriteLimit { get; init; } = TimeSpan.FromSeconds(10);

    private string Mark => $"{_index}/removed";

    /// <summary>Written when a removal has ended: what the index does not name from then on is not there.</summary>
    private string Whole => $"{_index}/whole";

    public async Task<HostAnswer> GetAsync(int life, string key, CancellationToken cancellation)
    {
        if (_pages is null || life != _life || life != _removed)
        {
            if (await InTurnAsync(life, async () => await LoadAsync(cancellation) is not null ? HostStatus.Done : HostStatus.NotFound, cancellation) is not HostStatus.Done and var status)
            {
                return new HostAnswer(status);
            }
        }

        var value = await dapr.GetByteStateAsync(Store, RowOf(key), cancellationToken: cancellation);
        if (value.IsEmpty)
        {
            return new HostAnswer(HostStatus.NotFound);
        }

        var found = _pages is { } pages && pages[PageOf(key)].Keys.ContainsKey(key)
            ? HostStatus.Done
            : await InTurnAsync(life, async () => await IsThereAsync(key, cancellation) ? HostStatus.Done : HostStatus.NotFound, cancellation);
        return found is HostStatus.Done ? HostAnswer.Of(value) : new HostAnswer(found);
    }

    /// <summary><see cref="HostStatus.TooMuch"/>: there would be more than the function may keep.</summary>
    public Task<HostStatus> SetAsync(int life, string key, ReadOnlyMemory<byte> value, StateLimits limits, CancellationToken cancellation) => InTurnAsync(
        life,
        async () =>
        {
            var (at, size) = (PageOf(key), StatePage.SizeOf(key, value));
            var pages = await LoadAsync(cancellation);
            if (IsTooMuch(pages, key, size, limits))
            {
                await IsThereAsync(key, cancellation);
                pages = await LoadAsync(cancellation);
                if (IsTooMuch(pages, key, size, limits))
                {
                    return HostStatus.TooMuch;
                }
            }

            if (pages[at].Keys.TryGetValue(key, out var before) && size == before)
            {
                await WithinLimitAsync(limit => dapr.SaveByteStateAsync(Store, RowOf(key), value, cancellationToken: limit));
                return HostStatus.Done;
            }

            var row = new StateTransactionRequest(RowOf(key), value.ToArray(), StateOperationType.Upsert);
            return await WriteAsync(pages, at, pages[at].With(key, size), row);
        },
        cancellation);

    public Task<HostStatus> DeleteAsync(int life, string key, CancellationToken cancellation) => InTurnAsync(
        life,
        async () =>
        {
            var (pages, at) = (await LoadAsync(cancellation), PageOf(key));
            var row = new StateTransactionRequest(RowOf(key), null, StateOperationType.Delete);
            return await WriteAsync(pages, at, pages[at].Without(key), row);
        },
        cancellation);

    /// <summary>From now on what there is counts as deleted.</summary>
    public void BeginRemoval() => Interlocked.Increment(ref _life);

    /// <summary>Deletes what there was before the removal began.</summary>
    public Task RemoveAsync(CancellationToken cancellation) => InTurnAsync(
        _life,
        async () =>
        {
            await LoadAsync(cancellation);
            // Of one that does not run here nothing is kept in memory.
            _pages = null;
            return HostStatus.Done;
        },
        cancellation);

    /// <summary>In turn: reads the index, and ends a removal before.</summary>
    private async Task<StatePage[]> LoadAsync(CancellationToken cancellation)
    {
        var life = _life;
        if (_pages is { } known && _removed == life)
        {
            return known;
        }

        var pages = await Task.WhenAll(Enumerable.Range(0, Pages).Select(async p => StatePage.Read((await dapr.GetByteStateAsync(Store, PageRow(p), cancellationToken: cancellation)).Span)));
        var isMarked = !(await dapr.GetByteStateAsync(Store, Mark, cancellationToken: cancellation)).IsEmpty;
        _isWhole = !(await dapr.GetByteStateAsync(Store, Whole, cancellationToken: cancellation)).IsEmpty;
        if (isMarked || (_removed != life && (!_isWhole || pages.Any(p => !p.Keys.IsEmpty))))
        {
            await DeleteAllAsync(pages, cancellation);
            pages = [.. Enumerable.Repeat(StatePage.Empty, Pages)];
            _isWhole = true;
        }

        _removed = life;
        return _pages = pages;
    }

    /// <summary>The keys of a page before the page, and the mark last: a crash leaves what names the rest.</summary>
    private async Task DeleteAllAsync(StatePage[] pages, CancellationToken cancellation)
    {
        _pages = null;
        await WithinLimitAsync(limit => dapr.SaveByteStateAsync(Store, Mark, "{}"u8.ToArray(), cancellationToken: limit));
        foreach (var (at, page) in pages.Index().Where(p => !p.Item.Keys.IsEmpty))
        {
            foreach (var keys in page.Keys.Keys.Chunk(DeletedAtOnce))
            {
                cancellation.ThrowIfCancellationRequested();
                await WithinLimitAsync(limit => dapr.ExecuteStateTransactionAsync(
                    Store, [.. keys.Select(k => new StateTransactionRequest(RowOf(k), null, StateOperationType.Delete))], cancellationToken: limit));
            }

            await WithinLimitAsync(limit => dapr.DeleteStateAsync(Store, PageRow(at), cancellationToken: limit));
        }

        var end = new StateTransactionRequest(Mark, null, StateOperationType.Delete);
        await WithinLimitAsync(limit =>
            dapr.ExecuteStateTransactionAsync(Store, [new StateTransactionRequest(Whole, "{}"u8.ToArray(), StateOperationType.Upsert), end], cancellationToken: limit));
    }

    /// <summary>A write that has begun is not given up with its caller: it could still arrive, after what is written next.</summary>
    private async Task WithinLimitAsync(Func<CancellationToken, Task> write)
    {
        using var limit = new CancellationTokenSource(WriteLimit);
        try
        {
            await write(limit.Token);
        }
        catch (OperationCanceledException error) when (limit.IsCancellationRequested)
        {
            throw new TimeoutException($"the store '{Store}' did not answer a write within {WriteLimit.TotalSeconds} s", error);
        }
    }

    private static bool IsTooMuch(StatePage[] pages, string key, int size, StateLimits limits)
    {
        var isKnown = pages[PageOf(key)].Keys.TryGetValue(key, out var before);
        return (!isKnown && pages.Sum(p => p.Keys.Count) >= limits.Keys) || (size > before && pages.Sum(p => p.Bytes) + size - before > limits.Bytes);
    }

    /// <summary>In turn: whether there is such a key; one that is older than the index is added to it.</summary>
    private async Task<bool> IsThereAsync(string key, CancellationToken cancellation)
    {
        var (pages, at) = (await LoadAsync(cancellation), PageOf(key));
        if (_isWhole || pages[at].Keys.ContainsKey(key))
        {
            return pages[at].Keys.ContainsKey(key);
        }

        var value = await dapr.GetByteStateAsync(Store, RowOf(key), cancellationToken: cancellation);
        return !value.IsEmpty && await WriteAsync(pages, at, pages[at].With(key, StatePage.SizeOf(key, value)), null) is HostStatus.Done;
    }

    private async Task<HostStatus> WriteAsync(StatePage[] pages, int at, StatePage page, StateTransactionRequest? row)
    {
        // What an error leaves written is read before the next is.
        _pages = null;
        var index = new StateTransactionRequest(PageRow(at), page.Write(), StateOperationType.Upsert);
        await WithinLimitAsync(limit => dapr.ExecuteStateTransactionAsync(Store, row is null ? [index] : [row, index], cancellationToken: limit));
        _pages = [.. pages.Select((p, i) => i == at ? page : p)];
        return HostStatus.Done;
    }

    private async Task<HostStatus> InTurnAsync(int life, Func<Task<HostStatus>> work, CancellationToken cancellation)
    {
        await _one.WaitAsync(cancellation);
        try
        {
            return life == _life ? await work() : HostStatus.Unavailable;
        }
        finally
        {
            _one.Release();
        }
    }

    private static int PageOf(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key))[0] % Pages;

    private string RowOf(string key) => $"{identity.Site}/function/{function}/{key}";

    private string PageRow(int page) => $"{_index}/{page}";
}
