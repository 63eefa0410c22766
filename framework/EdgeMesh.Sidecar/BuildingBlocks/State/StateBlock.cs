using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Metrics;
using EdgeMesh.Sidecar.Resiliency;
using Grpc.Core;
using Polly.Timeout;

namespace EdgeMesh.Sidecar.BuildingBlocks.State;

/// <summary>State, whatever the transport: prefixes, outcomes, Dapr's faults.</summary>
internal static class StateBlock
{
    private const string Separator = "||";
    private const string Mismatch = "possible etag mismatch. error from state store";
    private const string Invalid = "invalid etag value";

    /// <summary>Also tells a missing store before a body is read, as daprd does.</summary>
    public static StateScope Open(AppRuntime app, string store)
    {
        if (app.Find(store) is not { } component || !component.Spec.Type.StartsWith("state.", StringComparison.Ordinal))
        {
            var (code, reason, what, http, grpc) = app.Has("state.")
                ? ("ERR_STATE_STORE_NOT_FOUND", "DAPR_STATE_NOT_FOUND", "found", 400, StatusCode.InvalidArgument)
                : ("ERR_STATE_STORE_NOT_CONFIGURED", "DAPR_STATE_NOT_CONFIGURED", "configured", 500, StatusCode.FailedPrecondition);
            throw new DaprFault(code, $"state store {store} is not {what}", http, grpc)
            {
                Reason = reason,
                Facts = new Dictionary<string, string> { ["appID"] = app.AppId },
                HasFactsByGrpc = false,
            };
        }

        var driver = component.Driver as IStateStore
            ?? throw new DaprFault("ERR_STATE_STORE_NOT_CONFIGURED", $"state store {store} is not open: {component.Failure}", 500, StatusCode.FailedPrecondition)
            {
                Reason = "DAPR_STATE_NOT_CONFIGURED",
            };
        return new StateScope(driver, store, component.StatePrefix(app), app, OutboxOptions.Of(component.Spec)) { Policy = app.Resilience.Outbound(component.Spec), Product = component.Spec.Product };
    }

    /// <summary>No store here can be queried.</summary>
    public static DaprFault NotQueryable(AppRuntime app, string store) =>
        new("ERR_STATE_STORE_NOT_SUPPORTED", "state store does not support querying", 500, StatusCode.Internal)
        {
            Reason = "DAPR_STATE_QUERYING_NOT_SUPPORTED",
            Resource = ("state", Open(app, store).Name),
        };

    /// <summary>A task of its own only for a store that does not answer at once.</summary>
    public static async ValueTask<StateItem?> GetAsync(StateScope scope, string key, CancellationToken cancellation)
    {
        var full = scope.Prefix + Checked(scope, key);
        try
        {
            return await Counted(scope, "get", () => scope.Policy is { } policy ? policy.RunAsync(token => scope.Driver.GetAsync(full, token), cancellation) : scope.Driver.GetAsync(full, cancellation));
        }
        catch (Exception error) when (IsFailure(error))
        {
            throw new DaprFault("ERR_STATE_GET", $"fail to get {key} from state store {scope.Name}: {error.Message}", 500, StatusCode.Internal);
        }
    }

    /// <summary>A store that fails is told at each key, as daprd does; a policy that let no call through, or not for long enough, for the request.</summary>
    public static async Task<StateItems> GetManyAsync(StateScope scope, IReadOnlyList<string> keys, CancellationToken cancellation)
    {
        string[] full = [.. keys.Select(k => scope.Prefix + Checked(scope, k))];
        try
        {
            return new(await Counted(scope, "bulk_get", () => scope.Policy.RunAsync(token => scope.Driver.GetManyAsync(full, token), cancellation)), null);
        }
        catch (Exception error) when (error is CircuitOpenException or TimeoutException { InnerException: TimeoutRejectedException })
        {
            throw new DaprFault("ERR_STATE_BULK_GET", error.Message, 500, StatusCode.Unknown);
        }
        catch (Exception error) when (IsFailure(error))
        {
            return new(new StateItem?[full.Length], error.Message);
        }
    }

    private static Task<T> Counted<T>(StateScope scope, string operation, Func<Task<T>> call) => ComponentMetrics.State.CountAsync(scope.App, scope.Name, operation, call, scope.Product);

    /// <summary>Saves keys one by one, as Dapr does: each stands for itself, and the answer tells what failed.</summary>
    public static Task SaveAsync(StateScope scope, IReadOnlyList<StateWrite> writes, CancellationToken cancellation) =>
        WriteAllAsync(scope, writes, "set", "ERR_STATE_SAVE", $"failed saving state in state store {scope.Name}", cancellation);

    public static Task DeleteManyAsync(StateScope scope, IReadOnlyList<StateWrite> writes, CancellationToken cancellation) =>
        WriteAllAsync(scope, writes, "bulk_delete", "ERR_STATE_BULK_DELETE", $"failed deleting state in state store {scope.Name}", cancellation);

    public static Task DeleteAsync(StateScope scope, StateWrite write, CancellationToken cancellation) =>
        WriteAllAsync(scope, [write], "delete", "ERR_STATE_DELETE", $"failed deleting state with key {write.Key}", cancellation);

    public static async Task TransactAsync(StateScope scope, IReadOnlyList<StateWrite> writes, TraceContext trace, CancellationToken cancellation)
    {
        const string Code = "ERR_STATE_TRANSACTION", Failed = "error while executing state transaction";
        var prefixed = Prefixed(scope, writes, Code, Failed);
        if (scope.Outbox is { } outbox && prefixed.Length > 0)
        {
            var all = await RunAsync(() => Outbox.PublishAsync(scope.App, outbox, writes, trace, cancellation), Code, Failed);
            prefixed = Prefixed(scope, all, Code, Failed);
        }

        if (prefixed.Length == 0)
        {
            return;
        }

        await Counted(scope, "transaction", async () =>
        {
            var outcome = await RunAsync(() => scope.Policy.RunAsync(token => scope.Driver.TransactAsync(prefixed, token), cancellation), Code, Failed);

            // A lost race is a 500 here, unlike for a single key: clients of daprd know it so.
            return outcome == StateOutcome.Done ? outcome : throw new DaprFault(Code, $"{Failed}: {(outcome == StateOutcome.ETagInvalid ? Invalid : Mismatch)}", 500, StatusCode.Internal) { ErrorClass = ClassOf(outcome) };
        });
    }

    private static Task WriteAllAsync(StateScope scope, IReadOnlyList<StateWrite> writes, string operation, string code, string failed, CancellationToken cancellation)
    {
        var prefixed = Prefixed(scope, writes, code, failed);
        return Counted(scope, operation, async () =>
        {
            await WriteAllAsync(scope, prefixed, code, failed, cancellation);
            return true;
        });
    }

    private static async Task WriteAllAsync(StateScope scope, StateWrite[] prefixed, string code, string failed, CancellationToken cancellation)
    {
        if (prefixed.Length == 1)
        {
            var outcome = await RunAsync(() => scope.Policy.RunAsync(token => scope.Driver.WriteAsync(prefixed[0], token), cancellation), code, failed);
            ThrowUnlessDone(outcome, 1, code, failed);
            return;
        }

        var outcomes = await RunAsync(() => scope.Policy.RunAsync(token => Task.WhenAll(prefixed.Select(w => scope.Driver.WriteAsync(w, token))), cancellation), code, failed);
        var lost = outcomes.Where(o => o != StateOutcome.Done).ToArray();
        if (lost.Length > 0)
        {
            ThrowUnlessDone(lost.Contains(StateOutcome.ETagInvalid) ? StateOutcome.ETagInvalid : StateOutcome.ETagMismatch, lost.Length + 1, code, failed);
        }
    }

    /// <param name="outcome">What the store said.</param>
    /// <param name="repeats">daprd says it once for the request and once for each item of a larger one.</param>
    /// <param name="code">Dapr's code.</param>
    /// <param name="failed">What failed.</param>
    private static void ThrowUnlessDone(StateOutcome outcome, int repeats, string code, string failed)
    {
        var reason = outcome == StateOutcome.ETagInvalid ? Invalid : Mismatch;
        var items = repeats == 1 ? "" : ": " + string.Join('\n', Enumerable.Repeat(reason, repeats - 1));
        switch (outcome)
        {
            case StateOutcome.ETagMismatch:
                throw new DaprFault(code, $"{failed}: {reason}{items}", 409, StatusCode.Aborted) { ErrorClass = ClassOf(outcome) };
            case StateOutcome.ETagInvalid:
                throw new DaprFault(code, $"{failed}: {reason}{items}", 400, StatusCode.InvalidArgument) { ErrorClass = ClassOf(outcome) };
        }
    }

    private static string ClassOf(StateOutcome lost) => lost == StateOutcome.ETagInvalid ? "etag_invalid" : "etag_mismatch";

    private static async Task<T> RunAsync<T>(Func<Task<T>> run, string code, string failed)
    {
        try
        {
            return await run();
        }
        catch (Exception error) when (IsFailure(error))
        {
            throw new DaprFault(code, $"{failed}: {error.Message}", 500, StatusCode.Internal, error);
        }
    }

    /// <summary>Whatever a driver throws (a full disk, a lost server) is this request's failure.</summary>
    private static bool IsFailure(Exception error) => error is not (OperationCanceledException or DaprFault);

    private static StateWrite[] Prefixed(StateScope scope, IReadOnlyList<StateWrite> writes, string code, string failed)
    {
        var prefixed = new StateWrite[writes.Count];
        for (var i = 0; i < prefixed.Length; i++)
        {
            prefixed[i] = writes[i].IsMarker ? writes[i] : writes[i] with { Key = scope.Prefix + Checked(scope, writes[i].Key) };
        }

        return writes.FirstOrDefault(w => w.Fault is not null) is { } faulty
            ? throw new DaprFault(code, $"{failed}: {faulty.Fault}", 500, StatusCode.Internal)
            : prefixed;
    }

    private static string Checked(StateScope scope, string key) =>
        key.Contains(Separator, StringComparison.Ordinal)
            ? throw new DaprFault("ERR_MALFORMED_REQUEST", $"input key/keyPrefix '{key}' can't contain '{Separator}'", 400, StatusCode.InvalidArgument)
            {
                Reason = "DAPR_STATE_ILLEGAL_KEY",
                Field = key,
                Resource = ("state", scope.Name),
            }
            : key;
}

/// <param name="Items">In the order of the keys; null: no such key, or not read.</param>
/// <param name="Failure">Why none could be read; null: all were.</param>
internal readonly record struct StateItems(IReadOnlyList<StateItem?> Items, string? Failure);

/// <param name="Driver">The store.</param>
/// <param name="Name">The component's name.</param>
/// <param name="Prefix">What goes before this app's keys.</param>
/// <param name="App">Whose keys.</param>
/// <param name="Outbox">Null: its transactions publish nothing.</param>
internal readonly record struct StateScope(IStateStore Driver, string Name, string Prefix, AppRuntime App, OutboxOptions? Outbox)
{
    /// <summary>What the store is made by.</summary>
    public required string Product { get; init; }

    /// <summary>What Resiliency resources ask for the store's calls.</summary>
    public ResiliencePolicy? Policy { get; init; }
}
