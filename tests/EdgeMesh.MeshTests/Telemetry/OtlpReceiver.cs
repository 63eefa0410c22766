using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.MeshTests.Telemetry;

/// <summary>A span as far as the tests look at it.</summary>
internal sealed record SeenSpan(string Trace, string Site, string Service);

/// <summary>Takes OTLP over HTTP and keeps it.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<(string Path, byte[] Body)> _taken = new();

    private OtlpReceiver(WebApplication app) => _app = app;

    public string Url => _app.Urls.First();

    public IEnumerable<byte[]> Bodies => _taken.Select(t => t.Body);

    public IReadOnlyList<string> Metrics => [.. _taken.Where(t => t.Path == "/v1/metrics").Select(t => System.Text.Encoding.Latin1.GetString(t.Body))];

    public IEnumerable<SeenSpan> Spans => _taken.Where(t => t.Path == "/v1/traces").SelectMany(t => Read(t.Body));

    public static async Task<OtlpReceiver> StartAsync(CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["urls"] = "http://127.0.0.1:0" });
        builder.Logging.ClearProviders();
        var receiver = new OtlpReceiver(builder.Build());
        receiver._app.MapPost("/v1/{signal}", receiver.TakeAsync);
        await receiver._app.StartAsync(cancellation);
        return receiver;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    /// <summary>ExportTraceServiceRequest: resource_spans 1, of these scope_spans 2, of these spans 2.</summary>
    private static IEnumerable<SeenSpan> Read(byte[] body) =>
        from resource in Fields(body, 1)
        from scope in Fields(resource, 2)
        from span in Fields(scope, 2)
        let attributes = Fields(span, 9).Select(a => (Key: Text(a, 1), Value: Fields(a, 2).Select(v => Text(v, 1)).FirstOrDefault(""))).ToLookup(a => a.Key, a => a.Value)
        select new SeenSpan(Convert.ToHexStringLower(Fields(span, 1).First()), attributes["edgemesh.site"].FirstOrDefault(""), attributes["edgemesh.service"].FirstOrDefault(""));

    private static string Text(byte[] message, int field) => Fields(message, field).Select(System.Text.Encoding.UTF8.GetString).FirstOrDefault("");

    /// <summary>The length-delimited values of one field.</summary>
    private static List<byte[]> Fields(byte[] message, int field)
    {
        var (found, input) = (new List<byte[]>(), new CodedInputStream(message));
        while (input.ReadTag() is not 0 and var tag)
        {
            if (WireFormat.GetTagFieldNumber(tag) == field && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
            {
                found.Add(input.ReadBytes().ToByteArray());
            }
            else
            {
                input.SkipLastField();
            }
        }

        return found;
    }

    private async Task TakeAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        _taken.Enqueue((context.Request.Path, body.ToArray()));
    }
}
