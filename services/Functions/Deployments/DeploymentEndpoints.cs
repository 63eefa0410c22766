using System.Globalization;
using System.Text;
using Dapr;
using EdgeMesh.Functions;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Functions.Rollouts;
using EdgeMesh.Services.Functions.Running;
using EdgeMesh.Services.Functions.Store;
using EdgeMesh.Services.Functions.Triggers.Http;

namespace EdgeMesh.Services.Functions.Deployments;

/// <summary>What deployers and operators do, below <c>/deployments</c>. Deploying needs a signature besides; the token only says who may knock.</summary>
internal static class DeploymentEndpoints
{
    private const string Root = "/deployments";
    private const string Scope = "deployments";
    private const int DefaultCalls = 20;

    // Plain delegates: nothing is compiled at start.
    public static void MapDeployments(this WebApplication app)
    {
        Map(HttpMethods.Get, "", async (context, store) => Results.Json(await FunctionViews.AllAsync(store, context.RequestAborted), ViewsJson.Default.FunctionViewArray));
        Map(HttpMethods.Get, "/{function}", DetailAsync);
        Map(HttpMethods.Put, "/{function}", DeployAsync);
        Map(HttpMethods.Put, "/{function}/bundle", TakeBundleAsync);
        Map(HttpMethods.Get, "/{function}/bundles/{hex}", ExportAsync);
        Map(HttpMethods.Get, "/{function}/logs", (context, store) => Task.FromResult(Logs(context, store)));
        Map(HttpMethods.Post, "/{function}/calls", CallAsync);
        Map(HttpMethods.Post, "/{function}/{change}", ChangeAsync);

        void Map(string method, string path, Func<HttpContext, FunctionsStore, Task<IResult>> answer) =>
            app.MapMethods(Root + path, [method], (RequestDelegate)(context => AnswerAsync(context, answer)));
    }

    private static async Task AnswerAsync(HttpContext context, Func<HttpContext, FunctionsStore, Task<IResult>> answer)
    {
        var opener = context.RequestServices.GetRequiredService<FunctionsOpener>();
        var result = Refuse(context.GetCaller()) ?? (opener.Store is { } store ? await answer(context, store) : HttpFaults.NotOpen(context, opener.WaitsFor));
        await result.ExecuteAsync(context);
    }

    private static IResult? Refuse(Caller? caller) => caller switch
    {
        not { Kind: CallerKind.User, ForwardedBy: null } => HttpFaults.NoCaller(),
        _ when caller.Roles.Contains("admin") || caller.Scopes.Contains(Scope) => null,
        _ => Problems.Problem(StatusCodes.Status403Forbidden, "role-missing", "Deployments are for deployers.", $"It needs the role admin or the scope {Scope}."),
    };

    private static async Task<IResult> DetailAsync(HttpContext context, FunctionsStore store) => store.Catalog.Find(Function(context)) is { } function
        ? Results.Json(await FunctionViews.DetailAsync(store, function, context.RequestAborted), ViewsJson.Default.FunctionDetail)
        : HttpFaults.Unknown(Function(context));

    private static async Task<IResult> DeployAsync(HttpContext context, FunctionsStore store)
    {
        var text = Encoding.UTF8.GetString((await BodyAsync(context)).Span);
        return Answer(await store.Deployer.TakeDeploymentAsync(Function(context), text, context.RequestAborted));
    }

    private static async Task<IResult> TakeBundleAsync(HttpContext context, FunctionsStore store) =>
        Answer(await store.Deployer.TakeBundleAsync(Function(context), await BodyAsync(context), context.RequestAborted));

    private static async Task<IResult> ExportAsync(HttpContext context, FunctionsStore store) =>
        await store.Deployer.ExportAsync($"sha256:{context.Request.RouteValues["hex"]}", context.RequestAborted) is { } file
            ? Results.Bytes(file, "application/x-tar")
            : Problems.Problem(StatusCodes.Status404NotFound, "bundle-unknown", "This site has no such bundle.", "`edgemesh function list` shows the versions that are kept.");

    private static IResult Logs(HttpContext context, FunctionsStore store)
    {
        if (store.Catalog.Find(Function(context)) is null)
        {
            return HttpFaults.Unknown(Function(context));
        }

        var count = int.TryParse(context.Request.Query["last"], NumberStyles.None, CultureInfo.InvariantCulture, out var last) ? last : DefaultCalls;
        return Results.Json(store.Calls.Log.Last(Function(context), count), ViewsJson.Default.IReadOnlyListCallRecord);
    }

    /// <summary>Calls a function with the body as stdin, whatever its triggers, and answers what it wrote.</summary>
    private static async Task<IResult> CallAsync(HttpContext context, FunctionsStore store)
    {
        if (store.Catalog.Find(Function(context)) is not { } function || store.Choose(function) is not { } bundle)
        {
            return HttpFaults.Unknown(Function(context));
        }

        var call = new FunctionCall(bundle, TriggerNames.Other, Guid.NewGuid().ToString("N"), await BodyAsync(context)) { CallerToken = HttpTriggers.TokenOf(context) };
        var result = await store.Calls.CallAsync(call, context.RequestAborted);
        return result.Outcome == CallOutcome.Completed ? Results.Bytes(result.Output.ToArray(), "application/octet-stream") : HttpFaults.Of(context, bundle.Manifest, result);
    }

    private static async Task<IResult> ChangeAsync(HttpContext context, FunctionsStore store)
    {
        var change = (string)context.Request.RouteValues["change"]! switch
        {
            "hold" => nameof(IRollout.HoldAsync),
            "release" => nameof(IRollout.ReleaseAsync),
            "pause" => nameof(IRollout.PauseAsync),
            "resume" => nameof(IRollout.ResumeAsync),
            _ => null,
        };
        if (change is null)
        {
            return Problems.Problem(StatusCodes.Status404NotFound, "route-unknown", "There is nothing at this path.", "POST to calls, hold, release, pause or resume.");
        }

        try
        {
            return await store.Rollouts.ChangeAsync(Function(context), change, context.GetCaller()!.Subject, context.RequestAborted)
                ? await DetailAsync(context, store)
                : HttpFaults.Unknown(Function(context));
        }
        catch (Exception error) when (error is DaprException or HttpRequestException or TimeoutException)
        {
            return HttpFaults.RolloutAway(context, Function(context), error.Message);
        }
    }

    private static IResult Answer(DeployAnswer answer) => answer.Code is { } code
        ? Problems.Problem(answer.Status, code, "The deployment was not taken.", answer.Detail)
        : Results.StatusCode(answer.Status);

    private static string Function(HttpContext context) => (string)context.Request.RouteValues["function"]!;

    private static async Task<ReadOnlyMemory<byte>> BodyAsync(HttpContext context)
    {
        // The server bounds it (EdgeMesh:BodyLimit), once it is read: what is announced may be anything.
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.ToArray();
    }
}
