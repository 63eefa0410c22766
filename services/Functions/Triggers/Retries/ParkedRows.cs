using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Dapr.Client;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Functions.Triggers.Retries;

/// <summary>Where a function's parked calls are stored: a row that names them, and the data of each. Data are written before the row that names them, and deleted
/// after it, or before a row that is deleted as a whole: so a crash leaves no row that names what was never there, and data at most for the month that
/// they last. Owned by one <see cref="FunctionRetries"/>, one call at a time.</summary>
internal sealed class ParkedRow(DaprClient dapr, SiteIdentity identity, string function)
{
    private const string Rows = "heads";
    private const string Bodies = "bodies";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private static readonly Dictionary<string, string> Month = new() { ["ttlInSeconds"] = "2592000" };

    private readonly string _row = $"{identity.Site}/functions/parked/{function}";
    private ParkedCalls? _calls;

    public async Task<ParkedCalls> LoadAsync(CancellationToken cancellation)
    {
        if (_calls is null)
        {
            using var limit = Limited(cancellation);
            var stored = await dapr.GetByteStateAsync(Rows, _row, cancellationToken: limit.Token);
            _calls = stored.IsEmpty ? ParkedCalls.None : JsonSerializer.Deserialize(stored.Span, RetriesJson.Default.ParkedCalls) ?? ParkedCalls.None;
        }

        return _calls;
    }

    public async Task AddAsync(ParkedCall call, ReadOnlyMemory<byte> data)
    {
        using var limit = Limited(CancellationToken.None);
        var calls = await LoadAsync(limit.Token);
        await dapr.SaveByteStateAsync(Bodies, BodyOf(call), data, metadata: Month, cancellationToken: limit.Token);
        await SaveAsync(new ParkedCalls([.. calls.With(call.IdempotencyKey, null).Calls, call]), limit.Token);
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
        await SaveAsync((await LoadAsync(limit.Token)).With(call.IdempotencyKey, with), limit.Token);
        if (with is null)
        {
            await dapr.DeleteStateAsync(Bodies, BodyOf(call), cancellationToken: limit.Token);
        }
    }

    /// <summary>Deletes all of it, the row last: a crash leaves what names the rest.</summary>
    public async Task DeleteAsync(CancellationToken cancellation)
    {
        _calls = null;
        var calls = await LoadAsync(cancellation);
        if (calls.Calls.Count == 0)
        {
            return;
        }

        foreach (var call in calls.Calls)
        {
            using var limit = Limited(cancellation);
            await dapr.DeleteStateAsync(Bodies, BodyOf(call), cancellationToken: limit.Token);
        }

        using var last = Limited(cancellation);
        await dapr.DeleteStateAsync(Rows, _row, cancellationToken: last.Token);
        _calls = null;
    }

    private async Task SaveAsync(ParkedCalls calls, CancellationToken cancellation)
    {
        // What an error leaves written is read before it is written again.
        _calls = null;
        await dapr.SaveByteStateAsync(Rows, _row, JsonSerializer.SerializeToUtf8Bytes(calls, RetriesJson.Default.ParkedCalls), cancellationToken: cancellation);
        _calls = calls;
    }

    /// <summary>Named by a digest: what names a call may hold anything.</summary>
    private string BodyOf(ParkedCall call) => $"{_row}/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(call.IdempotencyKey)).AsSpan(0, 16))}";

    /// <summary>The store answers in its own time, whatever clock a test gave to this service.</summary>
    private static CancellationTokenSource Limited(CancellationToken cancellation)
    {
        var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Limit);
        return limit;
    }
}
