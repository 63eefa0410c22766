using System.Text;
using System.Text.Json;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>Where other sites report to a core: below <c>/mesh/monitor</c>, which only the mesh door of the gateway leads to.</summary>
internal static class FleetEndpoints
{
    public const string Report = "/mesh/monitor/report";

    // A plain delegate: nothing is compiled at start.
    public static void MapFleet(this WebApplication app)
    {
        app.MapPost(Report, (RequestDelegate)AnswerAsync);
        if (app.Services.GetRequiredService<MeshDirectory>().This.IsCore)
        {
            app.MapActorsHandlers();
        }
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        var services = context.RequestServices;
        var received = services.GetRequiredService<TimeProvider>().GetUtcNow();
        var (refusal, report, json) = await ReadAsync(context);
        if (refusal is not null)
        {
            await refusal.ExecuteAsync(context);
            return;
        }

        var (site, board) = (context.GetCaller()!.Subject, services.GetRequiredService<FleetBoard>());
        await services.GetRequiredService<SiteActors>().HearAsync(site, json!, context.RequestAborted);
        var answer = new ReportAnswer
        {
            Received = received,
            Answered = services.GetRequiredService<TimeProvider>().GetUtcNow(),
            News = board.NewsSince(report!.KnownRevision),
            Similar = board.SimilarTo(site),
        };
        await context.Response.WriteAsJsonAsync(answer, FleetJson.Default.ReportAnswer, cancellationToken: context.RequestAborted);
    }

    private static async Task<(IResult? Refusal, SiteReport? Report, string? Json)> ReadAsync(HttpContext context)
    {
        var directory = context.RequestServices.GetRequiredService<MeshDirectory>();
        if (context.GetCaller() is not { Kind: CallerKind.Site } caller || directory.Find(caller.Subject) is null)
        {
            return (Problems.Problem(StatusCodes.Status403Forbidden, "not-a-site", "Only a site of the mesh reports.", "It comes through the gateways; a site is known by its certificate."), null, null);
        }

        if (!directory.This.IsCore)
        {
            return (Problems.Problem(StatusCodes.Status404NotFound, "not-a-core", "This site is no core, and takes no reports.", "mesh.json says which sites are (isCore)."), null, null);
        }

        if (await BodyAsync(context) is not { } body)
        {
            return (Problems.Problem(StatusCodes.Status413PayloadTooLarge, "report-too-large", "The report is too large.", $"A report has at most {ReportLimits.MostBytes} bytes."), null, null);
        }

        try
        {
            var report = SiteReport.Parse(body);
            return ReportLimits.Fault(report) is { } fault ? (Malformed(fault), null, null) : (null, report, Encoding.UTF8.GetString(body));
        }
        catch (JsonException error)
        {
            return (Malformed(error.Message), null, null);
        }
    }

    private static IResult Malformed(string fault) => Problems.Problem(StatusCodes.Status400BadRequest, "report-malformed", "The report can't be taken.", fault);

    /// <summary>Null: it is larger than a report may be.</summary>
    private static async Task<byte[]?> BodyAsync(HttpContext context)
    {
        var buffer = new byte[ReportLimits.MostBytes + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        return length > ReportLimits.MostBytes ? null : buffer[..length];
    }
}
