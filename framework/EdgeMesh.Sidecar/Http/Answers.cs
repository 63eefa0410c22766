using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using EdgeMesh.Sidecar.Apps;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace EdgeMesh.Sidecar.Http;

/// <summary>What all HTTP routes share: the app that a request is for, faults, Dapr's error bodies.</summary>
internal static class Answers
{
    public static AppRuntime App(this HttpContext context) => context.Features.GetRequiredFeature<AppRuntime>();

    /// <summary>Runs a route, and answers faults as Dapr does.</summary>
    public static RequestDelegate Route(Func<HttpContext, AppRuntime, Task> route) => async context =>
    {
        try
        {
            await route(context, context.App());
        }
        catch (DaprFault fault) when (!context.Response.HasStarted)
        {
            await FaultAsync(context, fault);
        }
        catch (JsonException error) when (!context.Response.HasStarted)
        {
            await FaultAsync(context, DaprFault.Malformed("failed deserializing HTTP body: " + error.Message));
        }
        catch (BodyTooLargeException error) when (!context.Response.HasStarted)
        {
            context.Response.Headers.Connection = "close";
            await FaultAsync(context, DaprFault.Malformed(error.Message));
        }
        catch (BadHttpRequestException error) when (!context.Response.HasStarted)
        {
            await FaultAsync(context, DaprFault.Malformed(error.Message));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody waits for this answer any more.
        }
    };

    /// <summary>What daprd says of a body over its limit.</summary>
    public const string TooLarge = "stream too large";

    /// <summary>Answers are application/json and never part of a page: quotes and the like need no escapes.</summary>
    public static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task FaultAsync(HttpContext context, DaprFault fault)
    {
        Metrics.ErrorMetrics.Answered(context.App(), fault.Code);
        var body = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(body, Readable))
        {
            json.WriteStartObject();
            json.WriteString("errorCode", fault.Code);
            json.WriteString("message", fault.Message);
            if (fault.Reason is not null)
            {
                WriteDetails(json, fault);
            }

            json.WriteEndObject();
        }

        context.Response.StatusCode = fault.HttpStatus;
        context.Response.Headers.RetryAfter = fault.HttpStatus == StatusCodes.Status429TooManyRequests ? "1" : default;
        await WriteJsonAsync(context, body.WrittenMemory);
    }

    /// <summary>Dapr's standard details: what field, which component, why.</summary>
    private static void WriteDetails(Utf8JsonWriter json, DaprFault fault)
    {
        json.WriteStartArray("details");
        if (fault.Field is { } field)
        {
            json.WriteStartObject();
            json.WriteString("@type", "type.googleapis.com/google.rpc.BadRequest");
            json.WriteStartArray("field_violations");
            json.WriteStartObject();
            json.WriteString("field", field);
            json.WriteString("description", fault.Message);
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }

        if (fault.Resource is { } resource)
        {
            json.WriteStartObject();
            json.WriteString("@type", "type.googleapis.com/google.rpc.ResourceInfo");
            json.WriteString("resource_type", resource.Kind);
            json.WriteString("resource_name", resource.Name);
            json.WriteString("owner", "");
            json.WriteString("description", fault.ResourceDescription);
            json.WriteEndObject();
        }

        json.WriteStartObject();
        json.WriteString("@type", "type.googleapis.com/google.rpc.ErrorInfo");
        json.WriteString("domain", "dapr.io");
        json.WriteString("reason", fault.Reason);
        json.WriteStartObject("metadata");
        foreach (var (name, value) in fault.Facts)
        {
            json.WriteString(name, value);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndArray();
    }

    public static async Task WriteJsonAsync(HttpContext context, ReadOnlyMemory<byte> json)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = json.Length;
        await context.Response.Body.WriteAsync(json, context.RequestAborted);
    }

    public static Task WriteJsonAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer, Readable))
        {
            write(json);
        }

        return WriteJsonAsync(context, buffer.WrittenMemory);
    }

    public static void NoContent(HttpContext context) => context.Response.StatusCode = StatusCodes.Status204NoContent;

    /// <summary>Per-request metadata: query parameters <c>metadata.x</c>.</summary>
    public static Dictionary<string, string> Metadata(this HttpContext context)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in context.Request.Query)
        {
            if (key.StartsWith("metadata.", StringComparison.Ordinal))
            {
                metadata[key["metadata.".Length..]] = value.ToString();
            }
        }

        return metadata;
    }

    /// <summary>The whole body, as the caller's own: for what outlives the request.</summary>
    public static async Task<byte[]> BodyAsync(this HttpContext context)
    {
        using var body = await PooledBody.ReadAsync(context);
        return body.Memory.ToArray();
    }
}
