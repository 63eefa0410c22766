using System.Text.Json;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Bindings;
using EdgeMesh.Sidecar.Components;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EdgeMesh.Sidecar.Http;

/// <summary><c>/v1.0/bindings</c>.</summary>
internal static class BindingRoutes
{
    private static readonly string[] Write = ["POST", "PUT"];

    public static void MapBindings(this IEndpointRouteBuilder routes) => routes.MapMethods("/v1.0/bindings/{name}", Write, Answers.Route(InvokeAsync));

    private static async Task InvokeAsync(HttpContext context, AppRuntime app)
    {
        var name = context.Value("name");
        using var body = await PooledBody.ReadAsync(context);
        using var json = JsonDocument.Parse(body.AsJson());
        try
        {
            var answer = await BindingsBlock.InvokeAsync(app, name, Request(context, json.RootElement, body.Memory), context.RequestAborted);
            WriteMetadata(context, answer);
            if (answer.Data is not { } data)
            {
                Answers.NoContent(context);
                return;
            }

            await Answers.WriteJsonAsync(context, data);
        }
        catch (BindingFailureException failure)
        {
            if (failure.Answer is { } answer)
            {
                WriteMetadata(context, answer);
            }

            throw BindingsBlock.Failed(name, failure.Message);
        }
    }

    private static BindingRequest Request(HttpContext context, JsonElement root, ReadOnlyMemory<byte> body)
    {
        if (root.ValueKind is not (JsonValueKind.Object or JsonValueKind.Null))
        {
            throw DaprFault.Malformed($"failed deserializing HTTP body: json: cannot unmarshal {root.ValueKind.ToString().ToLowerInvariant()} into Go value of type http.OutputBindingRequest");
        }

        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        if (GoJson.Find(root, "metadata") is { ValueKind: not JsonValueKind.Null } given)
        {
            if (given.ValueKind != JsonValueKind.Object || given.EnumerateObject().Any(p => p.Value.ValueKind != JsonValueKind.String))
            {
                throw DaprFault.Malformed("failed deserializing HTTP body: json: 'metadata' must be an object of strings");
            }

            metadata = given.EnumerateObject().DistinctBy(p => p.Name).ToDictionary(p => p.Name, p => p.Value.GetString()!, StringComparer.Ordinal);
        }

        AddTrace(metadata, "traceparent", context.Request.Headers.TraceParent);
        AddTrace(metadata, "tracestate", context.Request.Headers.TraceState);
        var operation = GoJson.Find(root, "operation") switch
        {
            null or { ValueKind: JsonValueKind.Null } => "",
            { ValueKind: JsonValueKind.String } text => text.GetString()!,
            _ => throw DaprFault.Malformed("failed deserializing HTTP body: json: 'operation' must be a string"),
        };
        return new BindingRequest(operation, GoJson.Raw(root, "data", body), metadata);
    }

    private static void AddTrace(Dictionary<string, string> metadata, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            metadata.TryAdd(name, value);
        }
    }

    /// <summary>As headers <c>metadata.x</c>; a value that no header can hold is left out.</summary>
    private static void WriteMetadata(HttpContext context, BindingAnswer answer)
    {
        foreach (var (name, value) in answer.Metadata)
        {
            if (!value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
            {
                context.Response.Headers["metadata." + name] = value;
            }
        }
    }
}
