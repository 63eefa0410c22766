using System.Text.Json;
using System.Text.Json.Nodes;

namespace EdgeMesh.Telemetry.Tests.Infra;

/// <summary>What a chart asks of the index: its layer's columns as aggregations, one in the other as they stand in order.</summary>
internal static class LensQuery
{
    private const string Bucket = "bucket";

    /// <summary>The body of a search.</summary>
    public static JsonObject Of(SavedObject lens)
    {
        var body = SavedObjectQuery.Of(lens.Query!);
        var aggregations = Aggregations([.. Columns(lens)]);
        if (aggregations.Count > 0)
        {
            body["aggs"] = aggregations;
        }

        return body;
    }

    /// <summary>What it shows: the terms of each row and its measure, empty rows left out.</summary>
    public static List<string> Rows(SavedObject lens, JsonElement answer)
    {
        var measure = Columns(lens).Single(c => !IsBucketed(c.Value));
        return [.. Rows(answer.TryGetProperty("aggregations", out var found) ? found : default, "", measure).Order(StringComparer.Ordinal)];
    }

    private static JsonObject Aggregations(ReadOnlySpan<JsonProperty> columns)
    {
        if (columns is not [var column, .. var rest])
        {
            return [];
        }

        if (Aggregation(column.Value) is not { } aggregation)
        {
            return Aggregations(rest);
        }

        return IsBucketed(column.Value)
            ? new JsonObject { [Bucket] = new JsonObject { [aggregation.Key] = aggregation.Value, ["aggs"] = Aggregations(rest) } }
            : new JsonObject { [column.Name] = new JsonObject { [aggregation.Key] = aggregation.Value } };
    }

    /// <summary>Null: the number of records, which every bucket tells.</summary>
    private static KeyValuePair<string, JsonNode?>? Aggregation(JsonElement column)
    {
        var field = column.GetProperty("sourceField").GetString()!;
        return column.GetProperty("operationType").GetString() switch
        {
            "count" => null,
            "sum" => new("sum", new JsonObject { ["field"] = field }),
            // What Kibana makes of "auto" for the dashboard's day.
            "date_histogram" => new("date_histogram", new JsonObject { ["field"] = field, ["fixed_interval"] = "30m" }),
            "terms" => new("terms", new JsonObject { ["field"] = field, ["size"] = column.GetProperty("params").GetProperty("size").GetInt32(), ["order"] = new JsonObject { ["_count"] = "desc" } }),
            var other => throw new NotSupportedException($"This test can't ask for the operation '{other}' yet."),
        };
    }

    private static IEnumerable<string> Rows(JsonElement of, string row, JsonProperty measure)
    {
        if (!of.TryGetProperty(Bucket, out var bucket))
        {
            return [$"{row}{(of.TryGetProperty(measure.Name, out var value) ? value.GetProperty("value") : of.GetProperty("doc_count"))}"];
        }

        return bucket.GetProperty("buckets").EnumerateArray().Where(b => b.GetProperty("doc_count").GetInt64() > 0)
            .SelectMany(b => Rows(b, b.GetProperty("key") is { ValueKind: JsonValueKind.String } term ? $"{row}{term} " : row, measure));
    }

    private static bool IsBucketed(JsonElement column) => column.GetProperty("isBucketed").GetBoolean();

    private static List<JsonProperty> Columns(SavedObject lens)
    {
        var layer = lens.Attributes.GetProperty("state").GetProperty("datasourceStates").GetProperty("formBased").GetProperty("layers").EnumerateObject().Single().Value;
        var columns = layer.GetProperty("columns").EnumerateObject().ToDictionary(c => c.Name);
        return [.. layer.GetProperty("columnOrder").EnumerateArray().Select(c => columns[c.GetString()!])];
    }
}
