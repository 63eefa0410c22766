using System.Buffers;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace EdgeMesh.Sidecar.Tracing;

/// <summary>Spans in Zipkin's JSON (v2), as daprd sends them. The exporters that others keep for it are being given up.</summary>
internal sealed partial class ZipkinSpans(Uri endpoint, string service, ILogger logger) : BaseExporter<Activity>
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler { ActivityHeadersPropagator = null });

    /// <summary>On the exporter's own thread.</summary>
    public override ExportResult Export(in Batch<Activity> batch)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartArray();
            foreach (var span in batch)
            {
                Write(json, span);
            }

            json.WriteEndArray();
        }

        using var limit = new CancellationTokenSource(Limit);
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ReadOnlyMemoryContent(body.WrittenMemory) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        try
        {
            using var answer = _client.Send(request, limit.Token);
            if (answer.IsSuccessStatusCode)
            {
                return ExportResult.Success;
            }

            LogLost(logger, batch.Count, endpoint, $"it answered {(int)answer.StatusCode}");
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException)
        {
            LogLost(logger, batch.Count, endpoint, error.Message);
        }

        return ExportResult.Failure;
    }

    private void Write(Utf8JsonWriter json, Activity span)
    {
        json.WriteStartObject();
        json.WriteString("traceId", span.TraceId.ToHexString());
        json.WriteString("id", span.SpanId.ToHexString());
        if (span.ParentSpanId != default)
        {
            json.WriteString("parentId", span.ParentSpanId.ToHexString());
        }

        json.WriteString("kind", span.Kind == ActivityKind.Server ? "SERVER" : "CLIENT");
        json.WriteString("name", span.DisplayName);
        json.WriteNumber("timestamp", (span.StartTimeUtc - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        json.WriteNumber("duration", Math.Max(1, span.Duration.Ticks / TimeSpan.TicksPerMicrosecond));
        json.WriteStartObject("localEndpoint");
        json.WriteString("serviceName", service);
        json.WriteEndObject();
        json.WriteStartObject("tags");
        foreach (var (name, value) in span.Tags)
        {
            json.WriteString(name, value ?? "");
        }

        if (span.Status == ActivityStatusCode.Error)
        {
            json.WriteString("otel.status_code", "ERROR");
            json.WriteString("error", span.StatusDescription ?? "");
        }

        json.WriteString("otel.scope.name", span.Source.Name);
        json.WriteString("service.name", service);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    protected override void Dispose(bool disposing)
    {
        _client.Dispose();
        base.Dispose(disposing);
    }

    [LoggerMessage(LogLevel.Warning, "{Count} spans are lost: {Endpoint} does not take them ({Reason})")]
    private static partial void LogLost(ILogger logger, long count, Uri endpoint, string reason);
}
