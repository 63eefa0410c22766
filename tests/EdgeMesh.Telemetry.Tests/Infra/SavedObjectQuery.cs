using System.Text.Json.Nodes;

namespace EdgeMesh.Telemetry.Tests.Infra;

/// <summary>A query as Kibana asks it: in the dashboard's span of time, and refused when a field cannot hold what is asked for.</summary>
internal static class SavedObjectQuery
{
    public static JsonObject Of(string query)
    {
        var dashboard = SavedObject.All.Single(o => o.Type == "dashboard").Attributes;
        var time = new JsonObject { ["gte"] = dashboard.GetProperty("timeFrom").GetString(), ["lte"] = dashboard.GetProperty("timeTo").GetString() };
        return new JsonObject
        {
            ["size"] = 0,
            ["track_total_hits"] = true,
            ["query"] = new JsonObject
            {
                ["bool"] = new JsonObject
                {
                    ["filter"] = new JsonArray(
                        new JsonObject { ["query_string"] = new JsonObject { ["query"] = query, ["lenient"] = false } },
                        new JsonObject { ["range"] = new JsonObject { ["@timestamp"] = time } }),
                },
            },
        };
    }
}
