using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.State;

/// <summary>State, whatever the transport: prefixes, outcomes, Dapr's faults.</summary>
internal static class StateBlock
{
    private const string Separator = "||";
    private const int ParallelGets = 16;

    public static Task<StateItem?> GetAsync(AppRuntime app, string store, string key, CancellationToken cancellation) =>
        Store(app, store, out var prefix).GetAsync(Key(prefix, key), cancellation);

    /// <summary>In the order of the keys.</summary>
    public static async Task<IReadOnlyList<StateItem?>> GetManyAsync(AppRuntime app, string store, IReadOnlyList<string> keys, CancellationToken cancellation)
    {
        var driver = Store(app, store, out var prefix);
        var items = new StateItem?[keys.Count];
        await Parallel.ForAsync(0, keys.Count, new ParallelOptions { MaxDegreeOfParallelism = ParallelGets, CancellationToken = cancellation },
            async (i, token) => items[i] = await driver.GetAsync(Key(prefix, keys[i]), token));
        return items;
    }

    /// <summary>Saves or deletes keys one by one, as Dapr does: each stands for itself.</summary>
    public static async Task WriteAsync(AppRuntime app, string store, IReadOnlyList<StateWrite> writes, CancellationToken cancellation)
    {
        var driver = Store(app, store, out var prefix);
        var outcomes = await Task.WhenAll(writes.Select(w => driver.WriteAsync(w with { Key = Key(prefix, w.Key) }, cancellation)));
        for (var i = 0; i < outcomes.Length; i++)
        {
            var verb = writes[i].Value is null ? "DELETE" : "SAVE";
            switch (outcomes[i])
            {
                case StateOutcome.ETagMismatch:
                    throw new DaprFault($"ERR_STATE_{verb}", $"failed {(verb == "SAVE" ? "saving state in" : "deleting state with key " + writes[i].Key + " from")} state store {store}: possible etag mismatch. error from state store: the etag does not match", 409, StatusCode.Aborted);
                case StateOutcome.ETagInvalid:
                    throw new DaprFault($"ERR_STATE_{verb}", $"failed {(verb == "SAVE" ? "saving" : "deleting")} state in state store {store}: invalid etag value", 400, StatusCode.InvalidArgument);
            }
        }
    }

    public static async Task TransactAsync(AppRuntime app, string store, IReadOnlyList<StateWrite> writes, CancellationToken cancellation)
    {
        var driver = Store(app, store, out var prefix);
        if (writes.Count == 0)
        {
            return;
        }

        var outcome = await driver.TransactAsync([.. writes.Select(w => w with { Key = Key(prefix, w.Key) })], cancellation);
        if (outcome != StateOutcome.Done)
        {
            // daprd tells a lost race inside a transaction apart from nothing else.
            throw new DaprFault("ERR_STATE_TRANSACTION", "error while executing state transaction: possible etag mismatch. error from state store: the etag does not match", 500, StatusCode.Internal);
        }
    }

    private static IStateStore Store(AppRuntime app, string name, out string prefix)
    {
        if (app.Find(name) is not { } component || !component.Spec.Type.StartsWith("state.", StringComparison.Ordinal))
        {
            throw new DaprFault("ERR_STATE_STORE_NOT_FOUND", $"state store {name} is not found", 400, StatusCode.InvalidArgument);
        }

        prefix = (component.Spec["keyPrefix"] ?? "appid") switch
        {
            "none" => "",
            "name" => name + Separator,
            "namespace" => $"{app.Process.Namespace}.{app.AppId}{Separator}",
            "appid" => app.AppId + Separator,
            var custom => custom + Separator,
        };
        return component.Driver as IStateStore
            ?? throw new DaprFault("ERR_STATE_STORE_NOT_CONFIGURED", $"state store {name} is not open: {component.Failure}", 500, StatusCode.FailedPrecondition);
    }

    private static string Key(string prefix, string key) =>
        key.Contains(Separator, StringComparison.Ordinal)
            ? throw new DaprFault("ERR_MALFORMED_REQUEST", $"input key/keyPrefix '{key}' can't contain '{Separator}'", 400, StatusCode.InvalidArgument)
            : prefix + key;
}
