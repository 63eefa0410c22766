using System.Buffers;
using System.Text;
using System.Text.Json;
using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Jobs;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EdgeMesh.Sidecar.Http;

/// <summary><c>/v1.0-alpha1/jobs</c>.</summary>
internal static class JobRoutes
{
    private static readonly string[] OwnFields = ["data", "overwrite"];

    public static void MapJobs(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1.0-alpha1/jobs/{name}", Answers.Route(ScheduleAsync));
        routes.MapGet("/v1.0-alpha1/jobs/{name}", Answers.Route(GetAsync));
        routes.MapDelete("/v1.0-alpha1/jobs/{name}", Answers.Route(async (context, app) =>
        {
            await JobsBlock.DeleteAsync(app, context.Value("name"), context.RequestAborted);
            Answers.NoContent(context);
        }));
    }

    private static async Task ScheduleAsync(HttpContext context, AppRuntime app)
    {
        using var body = await PooledBody.ReadAsync(context);
        using var json = JsonDocument.Parse(body.AsJson());
        var root = json.RootElement;
        var job = ProtoJson.Parse<Job>(WithoutOwnFields(root));
        if (job.Name.Length > 0)
        {
            throw JobFaults.NameInBody(app);
        }

        job.Name = context.Value("name");
        if (GoJson.Find(root, "data") is { } data)
        {
            job.Data = Data(data);
        }

        await JobsBlock.ScheduleAsync(app, job, GoJson.Find(root, "overwrite") is { ValueKind: JsonValueKind.True }, context.RequestAborted);
        Answers.NoContent(context);
    }

    private static Google.Protobuf.WellKnownTypes.Any Data(JsonElement data)
    {
        try
        {
            return JobData.FromJson(data.GetRawText());
        }
        catch (Exception error) when (error is InvalidProtocolBufferException or InvalidJsonException)
        {
            throw DaprFault.Malformed("failed deserializing HTTP body: " + error.Message);
        }
    }

    /// <summary>The rest is a job in protobuf's JSON form.</summary>
    private static ReadOnlySpan<byte> WithoutOwnFields(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw DaprFault.Malformed($"failed deserializing HTTP body: proto: an object is expected, not a JSON {root.ValueKind}");
        }

        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            foreach (var property in root.EnumerateObject().Where(p => !OwnFields.Contains(p.Name, StringComparer.OrdinalIgnoreCase)))
            {
                property.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan;
    }

    private static async Task GetAsync(HttpContext context, AppRuntime app)
    {
        var job = await JobsBlock.GetAsync(app, context.Value("name"), context.RequestAborted);
        try
        {
            await Answers.WriteJsonAsync(context, Encoding.UTF8.GetBytes(JobData.ToJson(job)));
        }
        catch (InvalidOperationException error)
        {
            throw new DaprFault("ERR_INTERNAL", $"failed to encode response as JSON: {error.Message}", 500, global::Grpc.Core.StatusCode.Internal);
        }
    }
}
