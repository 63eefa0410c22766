using System.Diagnostics;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace EdgeMesh.LoadTests.Engines;

/// <summary>What an index takes of a client that does nothing else and keeps nothing safe: bulk requests with the records of a model, all written
/// beforehand, one after another.</summary>
/// <param name="server">The index.</param>
/// <param name="model">A stream with as many records.</param>
internal sealed class BareBulk(Uri server, string model) : IDisposable
{
    private const int InARequest = 2000;
    private static readonly TimeSpan WhenBusy = TimeSpan.FromMilliseconds(50);
    private readonly HttpClient _client = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = server };

    /// <param name="stream">Where to.</param>
    /// <param name="records">How many.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>Records a second, from the first request's answer, which had to make the stream, to the last.</returns>
    public async Task<double> SendAsync(string stream, int records, CancellationToken cancellation)
    {
        var bodies = await BodiesAsync(records / InARequest, cancellation);
        var started = 0L;
        foreach (var body in bodies)
        {
            while (!await IsTakenAsync(stream, body, cancellation))
            {
                await Task.Delay(WhenBusy, TimeProvider.System, cancellation);
            }

            started = started == 0 ? Stopwatch.GetTimestamp() : started;
        }

        return (records - InARequest) / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    public void Dispose() => _client.Dispose();

    /// <summary>False: the index is busy (429), and none or not all of it was taken.</summary>
    private async Task<bool> IsTakenAsync(string stream, byte[] body, CancellationToken cancellation)
    {
        using var content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/x-ndjson"), ContentEncoding = { "gzip" } } };
        using var answer = await _client.PostAsync($"{stream}/_bulk?filter_path=items.*.status", content, cancellation);
        return answer.StatusCode != HttpStatusCode.TooManyRequests
            && !(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellation)).Contains("\"status\":429", StringComparison.Ordinal);
    }

    /// <summary>Of records that differ as those of the model do: the same again and again would be indexed faster.</summary>
    private async Task<List<byte[]>> BodiesAsync(int count, CancellationToken cancellation)
    {
        (await _client.PostAsync($"{model}/_refresh", null, cancellation)).Dispose();
        var bodies = new List<byte[]>();
        var page = await _client.GetStringAsync($"{model}/_search?scroll=1m&sort=_doc&size={InARequest}", cancellation);
        while (true)
        {
            using var found = JsonDocument.Parse(page);
            bodies.Add(Body(found.RootElement.GetProperty("hits").GetProperty("hits"), bodies.Count));
            if (bodies.Count == count)
            {
                return bodies;
            }

            page = await _client.GetStringAsync($"_search/scroll?scroll=1m&scroll_id={found.RootElement.GetProperty("_scroll_id").GetString()}", cancellation);
        }
    }

    /// <summary>Each record with an id of its own, as a shipper gives it.</summary>
    private static byte[] Body(JsonElement hits, int request)
    {
        using var bytes = new MemoryStream();
        using (var zip = new GZipStream(bytes, CompressionLevel.Fastest, leaveOpen: true))
        {
            foreach (var (n, hit) in hits.EnumerateArray().Index())
            {
                zip.Write(Encoding.UTF8.GetBytes($"{{\"create\":{{\"_id\":\"bare-{request}-{n}\"}}}}\n{hit.GetProperty("_source").GetRawText()}\n"));
            }
        }

        return bytes.ToArray();
    }
}
