using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.ConformanceTests.Apps;

/// <summary>Takes spans as Zipkin and as an OTLP collector do, by HTTP and by gRPC, and remembers them.</summary>
internal sealed class SpanCollector : IAsyncDisposable
{
    private readonly WebApplication _web;

    private SpanCollector(WebApplication web) => _web = web;

    /// <summary>What came to Zipkin.</summary>
    public ConcurrentQueue<ZipkinSpan> Zipkin { get; } = new();

    /// <summary>What came by OTLP: path, headers, and the message as text, in which names can be found.</summary>
    public ConcurrentQueue<(string Path, IReadOnlyDictionary<string, string> Headers, string Body)> Otlp { get; } = new();

    public int HttpPort => Port(0);

    public int GrpcPort => Port(1);

    public static async Task<SpanCollector> StartAsync(CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder(["--hostBuilder:reloadConfigOnChange=false"]);
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, l => l.Protocols = HttpProtocols.Http1);
            kestrel.Listen(System.Net.IPAddress.Loopback, 0, l => l.Protocols = HttpProtocols.Http2);
        });
        var collector = new SpanCollector(builder.Build());
        collector._web.MapPost("/api/v2/spans", collector.TakeZipkinAsync);
        collector._web.MapPost("/v1/traces", collector.TakeOtlpAsync);
        collector._web.MapPost("/opentelemetry.proto.collector.trace.v1.TraceService/Export", async context =>
        {
            await collector.TakeOtlpAsync(context);
            context.Response.ContentType = "application/grpc";
            await context.Response.Body.WriteAsync(new byte[5]);
            context.Response.AppendTrailer("grpc-status", "0");
        });
        await collector._web.StartAsync(cancellation);
        return collector;
    }

    private async Task TakeZipkinAsync(HttpContext context)
    {
        using var document = await JsonDocument.ParseAsync(context.Request.Body);
        foreach (var span in document.RootElement.EnumerateArray())
        {
            var tags = span.TryGetProperty("tags", out var all) ? all.EnumerateObject().ToDictionary(t => t.Name, t => t.Value.ToString()) : [];
            Zipkin.Enqueue(new ZipkinSpan(
                Text(span, "kind"), Text(span, "name").ToLowerInvariant(), span.GetProperty("localEndpoint").GetProperty("serviceName").GetString()!.ToLowerInvariant(),
                Text(span, "traceId"), Text(span, "id"), Text(span, "parentId"), tags));
        }

        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    private async Task TakeOtlpAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        Otlp.Enqueue((context.Request.Path.Value!, context.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), Encoding.Latin1.GetString(body.ToArray())));
    }

    private static string Text(JsonElement span, string name) => span.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    private int Port(int listener) => new Uri(_web.Urls.ElementAt(listener)).Port;

    public ValueTask DisposeAsync() => _web.DisposeAsync();
}

internal sealed record ZipkinSpan(string Kind, string Name, string Service, string Trace, string Id, string Parent, IReadOnlyDictionary<string, string> Tags);
