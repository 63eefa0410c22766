using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EdgeMesh.Telemetry.Tests.Shipping;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Telemetry.Tests.Infra;

/// <summary>Every query of the saved objects, by a real index that holds one record of each kind.</summary>
[Trait("Category", "Engines")]
[Collection(OpenSearchCollection.Name)]
public sealed partial class SavedObjectQueryTests(OpenSearch server) : IDisposable
{
    private readonly OpenSearchSite _site = new(server);

    [Fact]
    public async Task Queries_OfEachObject_FindWhatTheyAreFor()
    {
        await LogOneOfEachKindAsync();

        var found = new Dictionary<string, int>();
        foreach (var saved in SavedObject.All.Where(o => o.Query is not null))
        {
            found[saved.Id] = await CountAsync(saved.Query!);
        }

        Assert.Equal((1, 3, 1, 2), (found["edgemesh-errors-by-site"], found["edgemesh-one-trace"], found["edgemesh-record-access"], found["edgemesh-backlog"]));
        Assert.Equal((1, 4, 4, 1), (found["edgemesh-errors-over-time"], found["edgemesh-records-over-time"], found["edgemesh-services"], found["edgemesh-lost"]));
    }

    [Fact]
    public async Task Charts_AskedAsTheyAggregate_ShowWhatWasLogged()
    {
        await LogOneOfEachKindAsync();

        var shown = new Dictionary<string, List<string>>();
        foreach (var lens in SavedObject.All.Where(o => o.Type == "lens"))
        {
            shown[lens.Id] = LensQuery.Rows(lens, await AskAsync(LensQuery.Of(lens)));
        }

        Assert.Equal(["clinic-a 1"], shown["edgemesh-errors-over-time"]);
        // All of one half hour, or of two when the test runs as one begins.
        Assert.Equal(4, shown["edgemesh-records-over-time"].Sum(row => int.Parse(row["clinic-a ".Length..], System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal(["clinic-a records error 1", "clinic-a records info 1", "clinic-a records warn 2"], shown["edgemesh-services"]);
        Assert.Equal(["5"], shown["edgemesh-lost"].Select(row => row.Replace(".0", "", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Queries_NarrowedAsTheirTextsSay_FindTheOneTraceAndTheOnePatient()
    {
        var trace = await LogOneOfEachKindAsync();

        Assert.Equal((3, 0), (await CountAsync(Narrowed("edgemesh-one-trace", trace)), await CountAsync(Narrowed("edgemesh-one-trace", new string('a', 32)))));
        Assert.Equal((1, 0), (await CountAsync(Narrowed("edgemesh-record-access", "p-7f:3/1")), await CountAsync(Narrowed("edgemesh-record-access", "p-7f"))));
    }

    public void Dispose() => _site.Dispose();

    [GeneratedRegex(@"Add (?<words>.+):""…""")]
    private static partial Regex Advice { get; }

    private static string Narrowed(string id, string value)
    {
        var saved = SavedObject.All.Single(o => o.Id == id);
        var advice = Advice.Match(saved.Attributes.GetProperty("description").GetString()!);
        Assert.True(advice.Success, $"{id} tells nobody how to narrow it.");
        return $"{saved.Query} {advice.Groups["words"]}:\"{value}\"";
    }

    /// <summary>An error, an access, a hold, each of one trace, and a gap of five. Tells the trace.</summary>
    private async Task<string> LogOneOfEachKindAsync()
    {
        using var shipping = _site.Start();
        using var activity = new Activity("work").SetIdFormat(ActivityIdFormat.W3C).Start();
        var logger = OpenSearchSite.Logger(shipping);
        logger.LogError("it failed");
        logger.Log(LogLevel.Information, new EventId(1, "RecordAccess"), (IReadOnlyList<KeyValuePair<string, object?>>)[new("Patient", "p-7f:3/1")], null, (_, _) => "read");
        logger.Log(LogLevel.Warning, new EventId(2, "LogHeld"), "held", null, (text, _) => text);
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        shipping.Spool.Gaps.Add(LogPriority.Low, 5, 500, now, now);
        await shipping.Spool.FlushAsync();
        await OpenSearchSite.DrainAsync(shipping);
        await _site.AskAsync("POST", "_refresh");
        return activity.TraceId.ToHexString();
    }

    private async Task<int> CountAsync(string query) => (await AskAsync(SavedObjectQuery.Of(query))).GetProperty("hits").GetProperty("total").GetProperty("value").GetInt32();

    private Task<JsonElement> AskAsync(JsonObject body) => _site.AskAsync("POST", "_search", body.ToJsonString());
}
