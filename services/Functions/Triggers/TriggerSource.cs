using System.Diagnostics;
using EdgeMesh.Functions;
using EdgeMesh.Services.Functions.Deployments;
using EdgeMesh.Services.Functions.Running;

namespace EdgeMesh.Services.Functions.Triggers;

/// <summary>Something that calls a function by itself while it runs here, whichever version is due. One for each trigger of a manifest but HTTP's.</summary>
internal abstract class TriggerSource(string function, Func<string, KnownBundle?> choose, FunctionCalls calls)
{
    public string Function => function;

    /// <summary>The version that is due; null: the function does not run here any more.</summary>
    protected KnownBundle? Due => choose(function);

    /// <summary>Calls the version that is due; null: there is none.</summary>
    protected async Task<CallResult?> CallAsync(TriggeredCall call, CancellationToken cancellation) => Due is { } bundle
        ? await calls.CallAsync(new FunctionCall(bundle, call.Trigger, call.IdempotencyKey, call.Data) { Environment = call.Environment, Trace = call.Trace, Links = call.Links }, cancellation)
        : null;
}

/// <summary>What a trigger calls a function with.</summary>
/// <param name="Trigger">One of <see cref="TriggerNames"/>.</param>
/// <param name="IdempotencyKey">The same for every attempt.</param>
/// <param name="Data">For stdin.</param>
/// <param name="Environment">For the environment.</param>
internal sealed record TriggeredCall(string Trigger, string IdempotencyKey, ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>What led to the call; default: what runs just now.</summary>
    public ActivityContext Trace { get; init; }

    /// <summary>What else led to it, where that is several things.</summary>
    public IReadOnlyList<ActivityContext> Links { get; init; } = [];
}
