using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace EdgeMesh.Telemetry.Tests.Shipping;

/// <summary>What a test makes of a request instead of, or after, carrying it out.</summary>
/// <param name="Status">Answered without carrying it out; 0: carried out, and the answer is lost; -1: never arrives; -2: hangs.</param>
/// <param name="Body">Of the answer.</param>
internal sealed record Trouble(int Status, string Body = "{}")
{
    public static Trouble AnswerLost { get; } = new(0);

    public static Trouble Down { get; } = new(-1);

    public static Trouble Hangs { get; } = new(-2);
}

/// <summary>A request as the index saw it.</summary>
internal sealed record SeenRequest(string Method, string Path, byte[] Body, int Length, DateTimeOffset At);

/// <summary>As much of Elasticsearch as shipping speaks to: a data stream whose ids are unique within one backing index only, templates,
/// search for ids. A test breaks it as no real server would on demand.</summary>
internal sealed class FakeIndex(TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly List<Dictionary<string, string>> _backing = [[]];
    private readonly Dictionary<string, string> _installed = [];
    private readonly ConcurrentQueue<SeenRequest> _seen = new();

    /// <summary>What an operator put there.</summary>
    public void Install(string path, string body) => _installed[path] = body;

    /// <summary>Asked of every request.</summary>
    public Func<SeenRequest, Trouble?> Breaks { get; set; } = _ => null;

    /// <summary>Asked of every record: its status instead of 201.</summary>
    public Func<string, int?> Item { get; set; } = _ => null;

    /// <summary>Asked of every record: goes into the failure store.</summary>
    public Func<string, bool> FailureStore { get; set; } = _ => false;

    /// <summary>Says so at its root.</summary>
    public bool IsOpenSearch { get; set; }

    public TimeSpan ClockOffset { get; set; }

    public IReadOnlyCollection<SeenRequest> Seen => _seen;

    public IEnumerable<SeenRequest> Bulks => _seen.Where(r => r.Path.Contains("/_bulk", StringComparison.Ordinal));

    public DateTimeOffset Now => clock.GetUtcNow() + ClockOffset;

    /// <summary>All records of all backing indices: twice in here is a duplicate for every search.</summary>
    public List<JsonElement> Records
    {
        get
        {
            lock (_gate)
            {
                return [.. _backing.SelectMany(b => b.Values).Select(t => JsonDocument.Parse(t).RootElement)];
            }
        }
    }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _backing.Sum(b => b.Count);
            }
        }
    }

    public List<string> Messages => [.. Records.Select(r => r.GetProperty("message").GetString()!)];

    public void Rollover()
    {
        lock (_gate)
        {
            _backing.Add([]);
        }
    }

    /// <summary>Null: no answer.</summary>
    public (int Status, string Body)? Answer(string method, string path, byte[] body, int length)
    {
        var request = new SeenRequest(method, path, body, length, clock.GetUtcNow());
        _seen.Enqueue(request);
        var trouble = Breaks(request);
        if (trouble is { Status: not 0 })
        {
            return trouble.Status > 0 ? (trouble.Status, trouble.Body) : null;
        }

        var answer = CarryOut(method, path.Split('?')[0], body);
        return trouble is null ? answer : null;
    }

    public static byte[] Unzip(byte[] body)
    {
        using var zip = new GZipStream(new MemoryStream(body), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        zip.CopyTo(plain);
        return plain.ToArray();
    }

    private (int, string) CarryOut(string method, string path, byte[] body)
    {
        lock (_gate)
        {
            return (method, path.Split('/')[^1]) switch
            {
                ("GET", "") => (200, IsOpenSearch ? """{"version":{"distribution":"opensearch","number":"2.19.0"}}""" : """{"version":{"number":"8.15.0"}}"""),
                ("POST", "_bulk") => (200, Bulk(body)),
                ("POST", "_refresh") => (200, "{}"),
                ("POST", "_search") => (200, Search(body)),
                ("PUT", _) => Put(path, body),
                ("GET", _) => _installed.TryGetValue(path, out var installed) ? (200, $"{{\"index_templates\":[{{\"index_template\":{installed}}}]}}") : (404, "{}"),
                _ => (405, "{}"),
            };
        }
    }

    private (int, string) Put(string path, byte[] body)
    {
        _installed[path] = Encoding.UTF8.GetString(body);
        return (200, "{}");
    }

    private string Bulk(byte[] body)
    {
        var lines = Encoding.UTF8.GetString(body).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var items = lines.Chunk(2).Select(pair => Create(JsonDocument.Parse(pair[0]).RootElement.GetProperty("create").GetProperty("_id").GetString()!, pair[1])).ToList();
        return $"{{\"errors\":{(items.Any(i => i.Contains("error", StringComparison.Ordinal)) ? "true" : "false")},\"items\":[{string.Join(',', items)}]}}";
    }

    private string Create(string id, string record)
    {
        var status = Item(record) ?? (_backing[^1].ContainsKey(id) ? 409 : 201);
        if (status == 201 && FailureStore(record))
        {
            return """{"create":{"status":201,"failure_store":"used"}}""";
        }

        if (status == 201)
        {
            _backing[^1][id] = record;
        }

        return status == 201 ? """{"create":{"status":201,"result":"created"}}""" : $"{{\"create\":{{\"status\":{status},\"error\":{{\"type\":\"some\",\"reason\":\"because\"}}}}}}";
    }

    private string Search(byte[] body)
    {
        var ids = JsonDocument.Parse(body).RootElement.GetProperty("query").GetProperty("ids").GetProperty("values").EnumerateArray().Select(i => i.GetString()!);
        var hits = ids.Where(id => _backing.Any(b => b.ContainsKey(id))).Select(id => $"{{\"_id\":\"{id}\"}}");
        return $$$"""{"timed_out":false,"_shards":{"failed":0},"hits":{"hits":[{{{string.Join(',', hits)}}}]}}""";
    }
}
