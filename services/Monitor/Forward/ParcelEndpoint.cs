using System.Text.Json.Serialization;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Intake;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Forward;

/// <summary>Where other sites hand over their telemetry to a core: below <c>/mesh/monitor</c>, which only the mesh door of the gateway leads
/// to.</summary>
internal static class ParcelEndpoint
{
    public const string Path = "/mesh/monitor/parcels";

    /// <summary>The refusal that the same parcel would meet again.</summary>
    public const string Malformed = "parcel-malformed";

    // A plain delegate: nothing is compiled at start.
    public static void MapParcels(this WebApplication app) => app.MapPost(Path, (RequestDelegate)AnswerAsync);

    private static async Task AnswerAsync(HttpContext context)
    {
        var services = context.RequestServices;
        var directory = services.GetRequiredService<MeshDirectory>();
        if (context.GetCaller() is not { Kind: CallerKind.Site } caller || directory.Find(caller.Subject) is null)
        {
            await Problems.Problem(StatusCodes.Status403Forbidden, "not-a-site", "Only a site of the mesh hands over telemetry.", "It comes through the gateways; a site is known by its certificate.").ExecuteAsync(context);
            return;
        }

        if (!directory.This.IsCore)
        {
            await Problems.Problem(StatusCodes.Status404NotFound, "not-a-core", "This site is no core, and keeps its own telemetry alone.", "mesh.json says which sites are (isCore).").ExecuteAsync(context);
            return;
        }

        Protos.Parcel parcel;
        try
        {
            parcel = await ParcelCodec.UnpackAsync(context.Request.Body, context.RequestAborted);
        }
        catch (InvalidDataException error)
        {
            await Problems.Problem(StatusCodes.Status400BadRequest, Malformed, "This is no parcel.", error.Message).ExecuteAsync(context);
            return;
        }
        catch (BadHttpRequestException error)
        {
            // The same parcel may come whole the next time, or in parts where the status says that it is too large for here.
            await Problems.Problem(error.StatusCode, "parcel-cut-off", "The parcel did not come whole.", $"{error.Message} Send it again.").ExecuteAsync(context);
            return;
        }

        await TakeAsync(context, parcel, caller.Subject);
    }

    private static async Task TakeAsync(HttpContext context, Protos.Parcel parcel, string site)
    {
        var now = context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var taken = await context.RequestServices.GetRequiredService<TelemetryStore>().AddForwardedAsync(ParcelCodec.Read(parcel, site, now), site, parcel.Epoch, parcel.Sequence);
        if (taken.Result.Outcome == AddOutcome.Stored)
        {
            await context.Response.WriteAsJsonAsync(new ParcelAnswer(taken.Applied), ParcelJson.Default.ParcelAnswer, cancellationToken: context.RequestAborted);
            return;
        }

        context.Response.Headers.RetryAfter = IntakeResult.RetryAfter.TotalSeconds.ToString(System.Globalization.CultureInfo.InvariantCulture);
        await Problems.Problem(taken.Result.Outcome == AddOutcome.Busy ? StatusCodes.Status429TooManyRequests : StatusCodes.Status503ServiceUnavailable,
            "store-busy", "The telemetry can't be stored now.", "Send it again in a moment.").ExecuteAsync(context);
    }
}

/// <summary>What a core answers.</summary>
/// <param name="Applied">The highest number that it has of the sender's store.</param>
internal sealed record ParcelAnswer(long Applied);

/// <summary>What of a refusal's problem details matters.</summary>
/// <param name="Code">Why.</param>
internal sealed record ParcelRefusal(string? Code);

/// <summary>Generated serialisation of answers.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ParcelAnswer))]
[JsonSerializable(typeof(ParcelRefusal))]
internal sealed partial class ParcelJson : JsonSerializerContext;
