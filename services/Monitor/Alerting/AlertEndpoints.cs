using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Dapr;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Alerting.Notices;
using EdgeMesh.Services.Monitor.Querying;

namespace EdgeMesh.Services.Monitor.Alerting;

/// <summary>Alerts and silences for operators' programs, below <c>/monitor</c>: what the console's page of alerts shows and does.</summary>
internal static class AlertEndpoints
{
    private const string Alerts = "/monitor/alerts";
    private const string Silences = "/monitor/silences";
    private const int MostBytes = 16 * 1024;
    private static readonly TimeSpan Shown = TimeSpan.FromDays(7);

    // Plain delegates: nothing is compiled at start.
    public static void MapAlerts(this WebApplication app)
    {
        Map(app.MapGet, Alerts, (context, book, _) => Task.FromResult(Json(View(book, Clock(context)), AlertJson.Default.AlertsView)));
        Map(app.MapGet, Silences, (_, book, _) => Task.FromResult(Json(book.Silences, AlertJson.Default.IReadOnlyListSilence)));
        Map(app.MapPost, Silences, SilenceAsync);
        Map(app.MapDelete, $"{Silences}/{{id}}", EndAsync);

        static void Map(Func<string, RequestDelegate, IEndpointConventionBuilder> map, string path, Func<HttpContext, AlertBook, Caller, Task<IResult>> answer) =>
            map(path, context => AnswerAsync(context, answer));
    }

    private static async Task AnswerAsync(HttpContext context, Func<HttpContext, AlertBook, Caller, Task<IResult>> answer)
    {
        var result = OperatorAccess.Refuse(context.GetCaller(), changes: !HttpMethods.IsGet(context.Request.Method));
        try
        {
            if (result is null)
            {
                var book = context.RequestServices.GetRequiredService<AlertBook>();
                await book.LoadAsync(context.RequestAborted);
                result = await answer(context, book, context.GetCaller()!);
            }
        }
        catch (DaprException)
        {
            result = Problems.Problem(StatusCodes.Status503ServiceUnavailable, "store-busy", "Alerts can't be read or written now.", "The component heads does not answer; try again in a moment.");
        }

        await result.ExecuteAsync(context);
    }

    private static async Task<IResult> SilenceAsync(HttpContext context, AlertBook book, Caller caller)
    {
        var now = Clock(context);
        var asked = await ReadAsync(context);
        if (asked is null)
        {
            return Problems.Problem(StatusCodes.Status400BadRequest, SilenceRefusal.Malformed, "This can't be silenced so.", $"Send JSON of at most {MostBytes} bytes: rule, site or service, why, and until.");
        }

        var silence = new Silence(Guid.NewGuid().ToString("N"), Text(asked.Rule), Text(asked.Site), Text(asked.Service), caller.Subject, asked.Why?.Trim() ?? "", now, asked.Until ?? now);
        return await book.SilenceAsync(silence, context.RequestAborted) is { } refusal
            ? Problems.Problem(refusal == SilenceRefusal.Full ? StatusCodes.Status409Conflict : StatusCodes.Status400BadRequest, refusal.Code, "This can't be silenced so.", refusal.Reason)
            : Results.Json(silence, AlertJson.Default.Silence, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> EndAsync(HttpContext context, AlertBook book, Caller caller) =>
        await book.UnsilenceAsync((string)context.Request.RouteValues["id"]!, context.RequestAborted)
            ? Results.NoContent()
            : Problems.Problem(StatusCodes.Status404NotFound, "silence-unknown", "There is no such silence.", "It may be over; GET /monitor/silences lists those that are not.");

    /// <summary>Null: it is none.</summary>
    private static async Task<SilenceRequest?> ReadAsync(HttpContext context)
    {
        var buffer = new byte[MostBytes + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        try
        {
            return length > MostBytes ? null : JsonSerializer.Deserialize(buffer.AsSpan(0, length), AlertJson.Default.SilenceRequest);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static AlertsView View(AlertBook book, DateTimeOffset now) =>
        new([.. book.Active.Select(NoticeAlert.Of)], book.LeftOut, [.. book.History(now - Shown, now).Select(NoticeAlert.Of)], book.Silences);

    private static string? Text(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    private static DateTimeOffset Clock(HttpContext context) => context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();

    private static IResult Json<T>(T value, JsonTypeInfo<T> type) => Results.Json(value, type);
}

/// <summary>A silence that somebody asks for.</summary>
/// <param name="Rule">The rule; may end in <c>*</c>; null: any.</param>
/// <param name="Site">The site; may end in <c>*</c>; null: any.</param>
/// <param name="Service">The service; may end in <c>*</c>; null: any.</param>
/// <param name="Why">Why.</param>
/// <param name="Until">Until when.</param>
internal sealed record SilenceRequest(string? Rule, string? Site, string? Service, string? Why, DateTimeOffset? Until);

/// <summary>What is wrong, what was in the last seven days, and what nobody wants to hear of.</summary>
/// <param name="Alerts">The worst first.</param>
/// <param name="NotListed">How many more there are, for which there was no room.</param>
/// <param name="Over">Those that are over, the newest first.</param>
/// <param name="Silences">Silences that are not over.</param>
internal sealed record AlertsView(IReadOnlyList<NoticeAlert> Alerts, int NotListed, IReadOnlyList<NoticeAlert> Over, IReadOnlyList<Silence> Silences);
