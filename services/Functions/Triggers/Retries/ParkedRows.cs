using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapr.Client;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Functions.Triggers.Retries;

/// <summary>Where a function's parked calls are stored: each in a row of its own, at one of so many places that a head tells of, since a store can't be asked what it
/// has; and the data of each. So what a call costs does not grow with the others. Data are written before the row that names them and deleted after it, or before
/// a row that goes with the function; the head is written before what lies beyond it, and deleted last: so a crash leaves no row that names what was never there, no
/// row that nobody finds, and data at most for the month that they last. Owned by one <see cref="FunctionRetries"/>, one call at a time.</summary>
internal sealed class ParkedRows(DaprClient dapr, SiteIdentity identity, string function)
{
    private const string Rows = "heads";
    private const string Bodies = "bodies";
    private const int FirstPlaces = 16;
    private const int AtOnce = 64;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly Dictionary<string, string> Month = new() { ["ttlInSeconds"] = "2592000" };

    private readonly string _head = $"{identity.Site}/functions/parked/{function}";
    private ParkedCalls? _calls;
    private long _last;

    public async Task<ParkedCalls> LoadAsync(CancellationToken cancellation)
    {
        if (_calls is null)
        {
            var head = await ReadAsync(_head, RetriesJson.Default.ParkedHead, cancellation) ?? ParkedHead.None;
            var calls = head.Calls is { Count: > 0 } before ? await SpreadAsync(before, cancellation) : await ReadAllAsync(head.Places, cancellation);
            _last = Math.Max(_last, calls.Calls.Select(c => c.Number).LastOrDefault());
            _calls = calls;
        }

        return _calls;
    }

    /// <summary>A call as it is known once it is added, whatever the store says of that: no other ever has its number.</summary>
    public ParkedCall Number(ParkedCall call, ParkedCalls among) => call with { Number = ++_last, Place = among.FreePlace };

    /// <summary>Adds a call that is not there yet, with its number.</summary>
    public async Task AddAsync(ParkedCall added, ReadOnlyMemory<byte> data)
    {
        using var limit = Limited(CancellationToken.None);
        var calls = await LoadAsync(limit.Token);
        await dapr.SaveByteStateAsync(Bodies, BodyOf(added), data, metadata: Month, cancellationToken: limit.Token);
        await ChangeAsync(async () =>
        {
            var places = calls.Places;
            if (added.Place >= places)
            {
                places = await SaveHeadAsync(Math.Max(FirstPlaces, 2 * places), limit.Token);
            }

            await SaveAsync(added, limit.Token);
            return new ParkedCalls([.. calls.Calls, added], places);
        });
    }

    public async Task<ReadOnlyMemory<byte>> DataOfAsync(ParkedCall call, CancellationToken cancellation)
    {
        using var limit = Limited(cancellation);
        return await dapr.GetByteStateAsync(Bodies, BodyOf(call), cancellationToken: limit.Token);
    }

    /// <summary>Puts another in the place of a call; null: it is done with.</summary>
    public async Task ReplaceAsync(ParkedCall call, ParkedCall? with)
    {
        using var limit = Limited(CancellationToken.None);
        var calls = await LoadAsync(limit.Token);
        if (calls.Calls.All(c => c.Number != call.Number))
        {
            return;
        }

        await ChangeAsync(async () =>
        {
            await (with is null ? dapr.DeleteStateAsync(Rows, RowOf(call.Place), cancellationToken: limit.Token) : SaveAsync(with, limit.Token));
            return calls.With(call.Number, with);
        });
        if (with is null)
        {
            await dapr.DeleteStateAsync(Bodies, BodyOf(call), cancellationToken: limit.Token);
            await ShrinkAsync(limit.Token);
        }
    }

    /// <summary>Deletes all of it, the head last: a crash leaves what names the rest.</summary>
    public async Task DeleteAsync(CancellationToken cancellation)
    {
        _calls = null;
        var calls = await LoadAsync(cancellation);
        if (calls.Places == 0)
        {
            return;
        }

        foreach (var call in calls.Calls)
        {
            using var limit = Limited(cancellation);
            await dapr.DeleteStateAsync(Bodies, BodyOf(call), cancellationToken: limit.Token);
            await dapr.DeleteStateAsync(Rows, RowOf(call.Place), cancellationToken: limit.Token);
        }

        using var last = Limited(cancellation);
        await dapr.DeleteStateAsync(Rows, _head, cancellationToken: last.Token);
        _calls = null;
    }

    private async Task<ParkedCalls> ReadAllAsync(int places, CancellationToken cancellation)
    {
        var calls = new List<ParkedCall>();
        foreach (var some in Enumerable.Range(0, places).Chunk(AtOnce))
        {
            var rows = await Task.WhenAll(some.Select(async p => await ReadAsync(RowOf(p), RetriesJson.Default.ParkedCall, cancellation) is { } call ? call with { Place = p } : null));
            calls.AddRange(rows.OfType<ParkedCall>());
        }

        return new ParkedCalls([.. calls.OrderBy(c => c.Number)], places);
    }

    /// <summary>Calls that a version before kept in the head, all together: they stay there until each has its place.</summary>
    private async Task<ParkedCalls> SpreadAsync(IReadOnlyList<ParkedCall> before, CancellationToken cancellation)
    {
        ParkedCall[] calls = [.. before.Select((c, at) => c with { Number = at + 1, Place = at })];
        foreach (var some in calls.Chunk(AtOnce))
        {
            using var limit = Limited(cancellation);
            await Task.WhenAll(some.Select(c => SaveAsync(c, limit.Token)));
        }

        using var last = Limited(cancellation);
        return new ParkedCalls(calls, await SaveHeadAsync(calls.Length, last.Token));
    }

    /// <summary>After a burst is over, the next start has few places to look at.</summary>
    private async Task ShrinkAsync(CancellationToken cancellation)
    {
        if (_calls is { Calls.Count: 0, Places: > FirstPlaces })
        {
            await ChangeAsync(async () => new ParkedCalls([], await SaveHeadAsync(FirstPlaces, cancellation)));
        }
    }

    /// <summary>What an error leaves written is read before it is written again.</summary>
    private async Task ChangeAsync(Func<Task<ParkedCalls>> change)
    {
        _calls = null;
        _calls = await change();
    }

    /// <summary>With an empty list: a version before takes none for a fault.</summary>
    private async Task<int> SaveHeadAsync(int places, CancellationToken cancellation)
    {
        await dapr.SaveByteStateAsync(Rows, _head, JsonSerializer.SerializeToUtf8Bytes(new ParkedHead(places, []), RetriesJson.Default.ParkedHead), cancellationToken: cancellation);
        return places;
    }

    private Task SaveAsync(ParkedCall call, CancellationToken cancellation) =>
        dapr.SaveByteStateAsync(Rows, RowOf(call.Place), JsonSerializer.SerializeToUtf8Bytes(call, RetriesJson.Default.ParkedCall), cancellationToken: cancellation);

    private async Task<T?> ReadAsync<T>(string row, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type, CancellationToken cancellation)
        where T : class
    {
        using var limit = Limited(cancellation);
        var stored = await dapr.GetByteStateAsync(Rows, row, cancellationToken: limit.Token);
        return stored.IsEmpty ? null : JsonSerializer.Deserialize(stored.Span, type);
    }

    private string RowOf(int place) => $"{_head}/{place}";

    /// <summary>Named by a digest: what names a call may hold anything.</summary>
    private string BodyOf(ParkedCall call) => $"{_head}/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(call.IdempotencyKey)).AsSpan(0, 16))}";

    /// <summary>The store answers in its own time, whatever clock a test gave to this service.</summary>
    private static CancellationTokenSource Limited(CancellationToken cancellation)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        return limit;
    }
}
