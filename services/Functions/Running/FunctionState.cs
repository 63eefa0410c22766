using System.Security.Cryptography;
using System.Text;
using Dapr.Client;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Functions.Running;

/// <summary>What one function keeps at this site: a row for each key, and pages of an index that names them, since a store can't be asked what it has. A key and its
/// page are written in one transaction, so a crash leaves neither without the other. Writes come one at a time. A removal is marked before it begins: what
/// a crash leaves of it is deleted before anything is read or written again.</summary>
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

    /// <summary>Counts removals: a call that began before one neither reads nor writes after it, and is told <see cref="HostStatus.Unavailable"/>.</summary>
    public int Life => _life;

    private string Mark => $"{_index}/removed";

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
        return value.IsEmpty ? new HostAnswer(HostStatus.NotFound) : HostAnswer.Of(value);
    }

    /// <summary><see cref="HostStatus.TooMuch"/>: there would be more than the function may keep.</summary>
    public Task<HostStatus> SetAsync(int life, string key, ReadOnlyMemory<byte> value, StateLimits limits, CancellationToken cancellation) => InTurnAsync(
        life,
        async () =>
        {
            var (pages, at, size) = (await LoadAsync(cancellation), PageOf(key), StatePage.SizeOf(key, value));
            var isKnown = pages[at].Keys.TryGetValue(key, out var before);
            if ((!isKnown && pages.Sum(p => p.Keys.Count) >= limits.Keys) || (size > before && pages.Sum(p => p.Bytes) + size - before > limits.Bytes))
            {
                return HostStatus.TooMuch;
            }

            if (size == before)
            {
                await dapr.SaveByteStateAsync(Store, RowOf(key), value, cancellationToken: cancellation);
                return HostStatus.Done;
            }

            var row = new StateTransactionRequest(RowOf(key), value.ToArray(), StateOperationType.Upsert);
            return await WriteAsync(pages, at, pages[at].With(key, size), row, cancellation);
        },
        cancellation);

    public Task<HostStatus> DeleteAsync(int life, string key, CancellationToken cancellation) => InTurnAsync(
        life,
        async () =>
        {
            var (pages, at) = (await LoadAsync(cancellation), PageOf(key));
            var row = new StateTransactionRequest(RowOf(key), null, StateOperationType.Delete);
            return await WriteAsync(pages, at, pages[at].Without(key), row, cancellation);
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
        if (isMarked || (_removed != life && pages.Any(p => !p.Keys.IsEmpty)))
        {
            await DeleteAllAsync(pages, cancellation);
            pages = [.. Enumerable.Repeat(StatePage.Empty, Pages)];
        }

        _removed = life;
        return _pages = pages;
    }

    /// <summary>The keys of a page before the page, and the mark last: a crash leaves what names the rest.</summary>
    private async Task DeleteAllAsync(StatePage[] pages, CancellationToken cancellation)
    {
        _pages = null;
        await dapr.SaveByteStateAsync(Store, Mark, "{}"u8.ToArray(), cancellationToken: cancellation);
        foreach (var (at, page) in pages.Index().Where(p => !p.Item.Keys.IsEmpty))
        {
            foreach (var keys in page.Keys.Keys.Chunk(DeletedAtOnce))
            {
                await dapr.ExecuteStateTransactionAsync(Store, [.. keys.Select(k => new StateTransactionRequest(RowOf(k), null, StateOperationType.Delete))], cancellationToken: cancellation);
            }

            await dapr.DeleteStateAsync(Store, PageRow(at), cancellationToken: cancellation);
        }

        await dapr.DeleteStateAsync(Store, Mark, cancellationToken: cancellation);
    }

    private async Task<HostStatus> WriteAsync(StatePage[] pages, int at, StatePage page, StateTransactionRequest row, CancellationToken cancellation)
    {
        // What an error leaves written is read before the next is.
        _pages = null;
        await dapr.ExecuteStateTransactionAsync(Store, [row, new StateTransactionRequest(PageRow(at), page.Write(), StateOperationType.Upsert)], cancellationToken: cancellation);
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
