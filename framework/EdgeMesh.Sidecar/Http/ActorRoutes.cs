using System.Text.Json;
using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.BuildingBlocks.Actors;
using EdgeMesh.Sidecar.BuildingBlocks.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EdgeMesh.Sidecar.Http;

/// <summary><c>/v1.0/actors</c>.</summary>
internal static class ActorRoutes
{
    private const string Actor = "/v1.0/actors/{type}/{id}/";

    private static readonly string[] Any = ["GET", "POST", "PUT", "DELETE"];
    private static readonly string[] Write = ["POST", "PUT"];

    public static void MapActors(this IEndpointRouteBuilder routes)
    {
        routes.MapMethods(Actor + "method/{method}", Any, Answers.Route(InvokeAsync));
        routes.MapGet(Actor + "state/{key}", Answers.Route(GetStateAsync));
        routes.MapMethods(Actor + "state", Write, Answers.Route(TransactAsync));
        routes.MapMethods(Actor + "timers/{name}", Write, Answers.Route(RegisterTimerAsync));
        routes.MapDelete(Actor + "timers/{name}", Answers.Route(UnregisterTimerAsync));
        routes.MapMethods(Actor + "reminders/{name}", Write, Answers.Route(RegisterReminderAsync));
        routes.MapGet(Actor + "reminders/{name}", Answers.Route(GetReminderAsync));
        routes.MapDelete(Actor + "reminders/{name}", Answers.Route(UnregisterReminderAsync));
    }

    private static ActorAddress Address(HttpContext context) => ActorAddress.Of(context.Value("type"), context.Value("id"));

    /// <summary>The body is read before the call waits for its turn, so that a slow client holds up nobody else.</summary>
    private static async Task InvokeAsync(HttpContext context, AppRuntime app)
    {
        app.Tracing?.NameActorCall(context.Value("type"), context.Value("id"), context.Value("method"));
        var method = Uri.EscapeDataString(ActorAddress.Method(context.Value("method")));
        using var body = await PooledBody.ReadAsync(context);
        using var request = new HttpRequestMessage { Content = new ReadOnlyMemoryContent(body.Memory) };
        InvocationHeaders.CopyRequest(context.Request.Headers, request);
        request.Content.Headers.ContentLength = body.Memory.Length;
        using var answer = await ActorsBlock.InvokeAsync(app, new ActorCall(Address(context), $"method/{method}{context.Request.QueryString.Value}", request), context.RequestAborted);
        InvocationHeaders.CopyResponse(answer, context.Response.Headers);
        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }

    private static async Task GetStateAsync(HttpContext context, AppRuntime app)
    {
        var item = await ActorState.GetAsync(app, Address(context), context.Value("key"), context.RequestAborted);
        if (item is null)
        {
            Answers.NoContent(context);
            return;
        }

        if (item.ExpiresAt is { } expires)
        {
            context.Response.Headers["Metadata.ttlExpireTime"] = StateOptions.Expiry(expires);
        }

        await Answers.WriteJsonAsync(context, item.Value);
    }

    private static async Task TransactAsync(HttpContext context, AppRuntime app)
    {
        using var body = await PooledBody.ReadAsync(context);
        var operations = JsonSerializer.Deserialize(body.AsJson().Span, ActorJson.Default.ActorOperationArray);
        await ActorState.TransactAsync(app, Address(context), [.. (operations ?? []).Select(o => o.ToWrite())], context.RequestAborted);
        Answers.NoContent(context);
    }

    private static async Task RegisterTimerAsync(HttpContext context, AppRuntime app)
    {
        var schedule = (await ReadScheduleAsync(context)).ToSchedule();
        ActorSchedules.RegisterTimer(app, Address(context), context.Value("name"), schedule);
        Answers.NoContent(context);
    }

    private static Task UnregisterTimerAsync(HttpContext context, AppRuntime app)
    {
        ActorSchedules.UnregisterTimer(app, Address(context), context.Value("name"));
        Answers.NoContent(context);
        return Task.CompletedTask;
    }

    private static async Task RegisterReminderAsync(HttpContext context, AppRuntime app)
    {
        var body = await ReadScheduleAsync(context);
        await ActorSchedules.RegisterReminderAsync(app, Address(context), context.Value("name"), body.ToSchedule(), retry: null, body.Overwrite ?? true);
        Answers.NoContent(context);
    }

    private static Task GetReminderAsync(HttpContext context, AppRuntime app)
    {
        var reminder = ActorSchedules.GetReminder(app, Address(context), context.Value("name"));
        return Answers.WriteJsonAsync(context, ActorJson.Write(reminder));
    }

    private static async Task UnregisterReminderAsync(HttpContext context, AppRuntime app)
    {
        await ActorSchedules.UnregisterReminderAsync(app, Address(context), context.Value("name"));
        Answers.NoContent(context);
    }

    private static async Task<ScheduleBody> ReadScheduleAsync(HttpContext context)
    {
        using var body = await PooledBody.ReadAsync(context);
        return JsonSerializer.Deserialize(body.AsJson().Span, ActorJson.Default.ScheduleBody) ?? throw DaprFault.Malformed("failed deserializing HTTP body: EOF");
    }
}
