using System.Buffers;
using System.Text.Json;

namespace EdgeMesh.Telemetry;

/// <summary>An answer to a bulk request.</summary>
/// <param name="Items">For each record, what became of it; null: the request as a whole was not carried out, or nobody knows.</param>
/// <param name="TooLarge">The body was.</param>
/// <param name="InDoubt">It may have been carried out.</param>
/// <param name="Held">Only an operator can help.</param>
/// <param name="Reason">For that operator.</param>
internal readonly record struct BulkAnswer(BulkItem[]? Items, bool TooLarge = false, bool InDoubt = false, bool Held = false, string? Reason = null);

/// <summary>The calls that shipping needs once the stream is set up.</summary>
internal sealed class StreamCalls(ElasticClient client, string stream)
{
    private const string BulkFilter = "filter_path=errors,items.*.status,items.*.error,items.*.result,items.*.failure_store";

    /// <summary>Writes the body, if it is not yet written of these.</summary>
    public void Write(BulkRequest request, ReadOnlySpan<SpooledRecord> records)
    {
        if (!request.Holds(records, client.ClockOffset))
        {
            request.Write(records, client.ClockOffset);
        }
    }

    public Task<BulkAnswer> BulkAsync(BulkRequest request, ReadOnlySpan<SpooledRecord> records, CancellationToken cancellation)
    {
        Write(request, records);
        return BulkAsync(request.Body, records.Length, cancellation);
    }

    /// <summary>Which of these are in the stream, whichever backing index they are in. Refreshes first: what is not refreshed is not found.
    /// Null when the answer is not sure to be complete.</summary>
    public async Task<(HashSet<string>? Found, ElasticAnswer Fault)> FindAsync(IReadOnlyCollection<SpooledRecord> records, CancellationToken cancellation)
    {
        var refresh = await client.SendAsync(HttpMethod.Post, $"{stream}/_refresh", cancellation);
        if (refresh.Status == 404)
        {
            return ([], default);
        }

        if (!refresh.IsSuccess)
        {
            return (null, refresh);
        }

        var answer = await client.SendAsync(HttpMethod.Post, $"{stream}/_search?filter_path=timed_out,_shards,hits.hits._id", Query(records), isBulk: false, cancellation);
        return answer.IsSuccess ? (Parse(answer.Body), answer) : (null, answer);
    }

    private async Task<BulkAnswer> BulkAsync(ReadOnlyMemory<byte> body, int count, CancellationToken cancellation)
    {
        var answer = await client.SendAsync(HttpMethod.Post, $"{stream}/_bulk?{BulkFilter}", body, isBulk: true, cancellation);
        return answer.Status switch
        {
            200 when BulkItem.Parse(answer.Body, count) is { } items => new(items),
            200 => new(null, InDoubt: true, Reason: "its answer to a bulk request can't be read"),
            413 => new(null, TooLarge: true),
            429 => new(null, Reason: answer.Reason),
            >= 500 => new(null, InDoubt: true, Reason: answer.Reason),
            0 => new(null, InDoubt: answer.MayHaveArrived, Reason: answer.Reason),
            _ => new(null, Held: true, Reason: $"The index refuses records: {answer.Reason}"),
        };
    }

    private static ReadOnlyMemory<byte> Query(IReadOnlyCollection<SpooledRecord> records)
    {
        var body = new ArrayBufferWriter<byte>(64 * records.Count);
        using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        json.WriteNumber("size", records.Count);
        json.WriteBoolean("_source", false);
        json.WriteStartObject("query");
        json.WriteStartObject("ids");
        json.WriteStartArray("values");
        foreach (var record in records)
        {
            json.WriteStringValue(record.Id);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }

    private static HashSet<string>? Parse(byte[] body) => JsonQuestion.Ask(body, HashSet<string>? (answer) =>
    {
        if (answer.GetProperty("timed_out").GetBoolean() || answer.GetProperty("_shards").GetProperty("failed").GetInt32() > 0)
        {
            return null;
        }

        return answer.TryGetProperty("hits", out var hits) && hits.TryGetProperty("hits", out var found)
            ? [.. found.EnumerateArray().Select(hit => hit.GetProperty("_id").GetString()!)]
            : [];
    });
}
