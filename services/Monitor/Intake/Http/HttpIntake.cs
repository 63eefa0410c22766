using System.Globalization;
using System.IO.Compression;
using EdgeMesh.Services.Monitor.Intake.Protos;
using EdgeMesh.Services.Monitor.Store;
using Google.Protobuf;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Services.Monitor.Intake.Http;

/// <summary>OTLP over HTTP: protobuf or JSON, plain or gzip.</summary>
internal static class HttpIntake
{
    private const string Protobuf = "application/x-protobuf";
    private const string Json = "application/json";

    private static readonly JsonParser Reader = new(JsonParser.Settings.Default.WithIgnoreUnknownFields(true));

    // Plain delegates: nothing is compiled at start. Short-circuited: what came by telemetry's door has no use for what other requests need.
    public static void MapHttpIntake(this WebApplication app)
    {
        Map<ExportLogsServiceRequest, ExportLogsServiceResponse>(OtlpPaths.Logs, (intake, request) => intake.TakeAsync(request));
        Map<ExportTraceServiceRequest, ExportTraceServiceResponse>(OtlpPaths.Traces, (intake, request) => intake.TakeAsync(request));
        Map<ExportMetricsServiceRequest, ExportMetricsServiceResponse>(OtlpPaths.Metrics, (intake, request) => intake.TakeAsync(request));

        void Map<TRequest, TAnswer>(string path, Func<OtlpIntake, TRequest, Task<IntakeResult>> take)
            where TRequest : IMessage<TRequest>, new()
            where TAnswer : IMessage, new() =>
            app.MapPost(path, (RequestDelegate)(context => AnswerAsync<TRequest, TAnswer>(context, take))).ShortCircuit();
    }

    private static async Task AnswerAsync<TRequest, TAnswer>(HttpContext context, Func<OtlpIntake, TRequest, Task<IntakeResult>> take)
        where TRequest : IMessage<TRequest>, new()
        where TAnswer : IMessage, new()
    {
        var type = context.Request.ContentType?.Split(';')[0].Trim();
        if (type is not (Protobuf or Json))
        {
            await RefuseAsync(context, StatusCodes.Status415UnsupportedMediaType, $"Send {Protobuf} or {Json}.");
            return;
        }

        TRequest request;
        try
        {
            request = Parse<TRequest>(await ReadAsync(context), type);
        }
        catch (BadHttpRequestException bad)
        {
            await RefuseAsync(context, bad.StatusCode, bad.Message);
            return;
        }
        catch (Exception bad) when (bad is InvalidProtocolBufferException or InvalidJsonException or InvalidDataException)
        {
            await RefuseAsync(context, StatusCodes.Status400BadRequest, $"The body is no {typeof(TRequest).Name}: {bad.Message}");
            return;
        }

        var result = await take(context.RequestServices.GetRequiredService<OtlpIntake>(), request);
        if (result.Outcome == AddOutcome.Stored)
        {
            await WriteAsync(context, Answers.Of<TAnswer>(result));
            return;
        }

        context.Response.Headers.RetryAfter = IntakeResult.RetryAfter.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        await RefuseAsync(context, result.Outcome == AddOutcome.Busy ? StatusCodes.Status429TooManyRequests : StatusCodes.Status503ServiceUnavailable, result.Reason ?? "");
    }

    private static TRequest Parse<TRequest>(ReadOnlyMemory<byte> body, string type)
        where TRequest : IMessage<TRequest>, new()
    {
        if (type == Json)
        {
            return Reader.Parse<TRequest>(System.Text.Encoding.UTF8.GetString(body.Span));
        }

        var request = new TRequest();
        request.MergeFrom(body.Span);
        return request;
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext context)
    {
        var encoding = context.Request.Headers.ContentEncoding.ToString();
        if (encoding is not ("" or "identity" or "gzip"))
        {
            throw new BadHttpRequestException("Send gzip, or what is not compressed.", StatusCodes.Status415UnsupportedMediaType);
        }

        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            // Telemetry has a limit of its own; that of other requests may be lower.
            limit.MaxRequestBodySize = MonitorOptions.MostExport;
        }

        var source = encoding == "gzip" ? new GZipStream(context.Request.Body, CompressionMode.Decompress) : context.Request.Body;
        await using var bounded = new BoundedStream(source, MonitorOptions.MostExport);
        using var body = new MemoryStream();
        await bounded.CopyToAsync(body, context.RequestAborted);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }

    private static Task WriteAsync(HttpContext context, IMessage message)
    {
        if (context.Request.ContentType!.StartsWith(Json, StringComparison.Ordinal))
        {
            context.Response.ContentType = Json;
            return context.Response.WriteAsync(JsonFormatter.Default.Format(message), context.RequestAborted);
        }

        context.Response.ContentType = Protobuf;
        return context.Response.Body.WriteAsync(message.ToByteArray(), context.RequestAborted).AsTask();
    }

    /// <summary>OTLP's errors are google.rpc.Status in the request's own encoding.</summary>
    private static Task RefuseAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        return context.Request.ContentType?.StartsWith(Json, StringComparison.Ordinal) == true || context.Request.ContentType == Protobuf
            ? WriteAsync(context, new RpcStatus { Message = message })
            : context.Response.WriteAsync(message, context.RequestAborted);
    }
}
