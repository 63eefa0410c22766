using System.Text.Json;

namespace EdgeMesh.Telemetry;

/// <summary>What became of one record of a request.</summary>
/// <param name="Status">201: taken; 409: was there already; 429 and above 499: again later; else refused.</param>
/// <param name="Error">The index's words.</param>
/// <param name="InFailureStore">Taken, but into quarantine.</param>
internal readonly record struct BulkItem(int Status, string? Error, bool InFailureStore)
{
    /// <summary>In the request's order; null: not an answer to this many records.</summary>
    public static BulkItem[]? Parse(ReadOnlyMemory<byte> body, int count) => JsonQuestion.Ask(body, answer =>
        answer.GetProperty("items") is var items && items.GetArrayLength() == count
            ? items.EnumerateArray().Select(item => Parse(item.EnumerateObject().First().Value)).ToArray()
            : null);

    private static BulkItem Parse(JsonElement item) => new(
        item.GetProperty("status").GetInt32(),
        item.TryGetProperty("error", out var error) ? error.GetRawText() : null,
        item.TryGetProperty("failure_store", out var store) && store.GetString() == "used");
}
