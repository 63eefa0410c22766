using System.Text.Json.Serialization.Metadata;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Forward;
using EdgeMesh.Services.Monitor.Ledgers;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Querying;

/// <summary>What operators and their programs may ask, below <c>/monitor</c>, which the gateway's public door leads to.</summary>
internal static class QueryEndpoints
{
    private const string Root = "/monitor";

    // Plain delegates: nothing is compiled at start.
    public static void MapQueries(this WebApplication app)
    {
        var store = app.Services.GetRequiredService<TelemetryStore>();
        Map("/status", (context, _) => Json(Status(context.RequestServices, store), QueryJson.Default.StatusView));
        Map("/logs", (context, ask) => ask.Logs() is { } query ? Json(store.FindLogs(query, context.RequestAborted), QueryJson.Default.LogPage) : null);
        Map("/logs/counts", (context, ask) => ask.Counts() is { } asked ? Json(store.ReadLevelCounts(asked.Query, asked.Parts, context.RequestAborted), QueryJson.Default.IReadOnlyListLevelCount) : null);
        Map("/traces", (context, ask) => ask.Traces() is { } query ? Json(store.FindTraces(query, context.RequestAborted), QueryJson.Default.IReadOnlyListTraceSummary) : null);
        Map("/traces/{trace}", (context, ask) => ask.TraceId((string)context.Request.RouteValues["trace"]!) is { } id ? Trace(store, id, context.RequestAborted) : null);
        Map("/series", (context, ask) => ask.Series() is { } query ? Json(store.ListSeries(query, context.RequestAborted), QueryJson.Default.IReadOnlyListSeriesInfo) : null);
        Map("/series/{series:long}", (context, ask) => ask.Points() is { } asked
            ? Json(store.ReadSeries(long.Parse((string)context.Request.RouteValues["series"]!, System.Globalization.CultureInfo.InvariantCulture), asked.From, asked.To, asked.Most, context.RequestAborted), QueryJson.Default.IReadOnlyListSeriesPoint)
            : null);

        void Map(string path, Func<HttpContext, Question, IResult?> answer) => app.MapGet(Root + path, (RequestDelegate)(context => AnswerAsync(context, answer)));
    }

    private static Task AnswerAsync(HttpContext context, Func<HttpContext, Question, IResult?> answer)
    {
        var question = new Question(context.Request.Query, context.RequestServices.GetRequiredService<TimeProvider>());
        var result = OperatorAccess.Refuse(context.GetCaller()) ?? Answer(context, question, answer)
            ?? Problems.Problem(StatusCodes.Status400BadRequest, "query-malformed", "The query can't be answered.", string.Join(" ", question.Faults));
        return result.ExecuteAsync(context);
    }

    private static IResult? Answer(HttpContext context, Question question, Func<HttpContext, Question, IResult?> answer)
    {
        try
        {
            return answer(context, question);
        }
        catch (TimeoutException error)
        {
            return Problems.Problem(StatusCodes.Status503ServiceUnavailable, "query-too-long", "The query took too long.", error.Message);
        }
        catch (Exception error) when (StoreFaults.Is(error))
        {
            return Problems.Problem(StatusCodes.Status503ServiceUnavailable, "store-busy", "The store does not answer at the moment.", $"{error.Message} Try again soon.");
        }
    }

    private static IResult Trace(TelemetryStore store, string id, CancellationToken cancellation) => store.FindTrace(id, cancellation) is { Count: > 0 } spans
        ? Json(spans, QueryJson.Default.IReadOnlyListSpanRow)
        : Problems.Problem(StatusCodes.Status404NotFound, "trace-unknown", "This site has no span of that trace.", "Traces are kept for some days; of many a second only some are taken.");

    private static StatusView Status(IServiceProvider services, TelemetryStore store)
    {
        var (status, outgoing, forwarder, options) = (store.Status, store.ReadOutgoing(), services.GetRequiredService<Forwarder>(), services.GetRequiredService<MonitorOptions>());
        return new(status, options.Core is { } core ? new ForwardView(core, outgoing.Records, outgoing.Oldest, forwarder.Today.Sent, forwarder.Today.Budget, forwarder.Fault) : null,
            [.. services.GetRequiredService<LedgerWatch>().Latest.Select(l => new LedgerView(l.Key, l.Value.Size, l.Value.Root.ToString()))]);
    }

    private static IResult Json<T>(T value, JsonTypeInfo<T> type) => Results.Json(value, type);
}
