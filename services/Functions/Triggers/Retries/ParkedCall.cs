using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeMesh.Services.Functions.Running;

namespace EdgeMesh.Services.Functions.Triggers.Retries;

/// <summary>A call that failed, or for which there was no time, and is made later.</summary>
/// <param name="IdempotencyKey">Which.</param>
/// <param name="Trigger">What called.</param>
/// <param name="Attempts">How often it was tried; 0: it waits for its first turn.</param>
/// <param name="Due">When it is tried again.</param>
/// <param name="Environment">For the environment.</param>
/// <param name="DeadLetter">The topic where its data go when it failed for good; null: nowhere.</param>
/// <param name="Retries">How often it may be tried again.</param>
internal sealed record ParkedCall(
    string IdempotencyKey, string Trigger, int Attempts, DateTimeOffset Due, IReadOnlyDictionary<string, string> Environment, string? DeadLetter, int Retries)
{
    /// <summary>How long its data are; null: parked before this was written down.</summary>
    public int? Bytes { get; init; }

    /// <summary>What led to it, as a <c>traceparent</c>; null: nobody knows.</summary>
    public string? TraceParent { get; init; }

    [JsonIgnore]
    public ActivityContext Trace
    {
        get => ActivityContext.TryParse(TraceParent, traceState: null, isRemote: true, out var trace) ? trace : default;
        init => TraceParent = value == default ? null : $"00-{value.TraceId}-{value.SpanId}-{(int)value.TraceFlags:x2}";
    }

    /// <summary>Whether it keeps its place in the order of what was written.</summary>
    [JsonIgnore]
    public bool IsInOrder => Attempts == 0 && Trigger == TriggerNames.Changes;

    public static ParkedCall Of(TriggeredCall call, RetryPlan plan, int attempts, DateTimeOffset due) =>
        new(call.IdempotencyKey, call.Trigger, attempts, due, call.Environment, plan.DeadLetter, plan.Retries) { Trace = call.Trace, Bytes = call.Data.Length };
}

/// <summary>The parked calls of a function, as they are stored: in the order in which they came.</summary>
internal sealed record ParkedCalls(IReadOnlyList<ParkedCall> Calls)
{
    public static readonly ParkedCalls None = new([]);

    /// <summary>Those that may be tried next, the longest due first: of changes that wait for their first turn the first alone.</summary>
    public IEnumerable<ParkedCall> InTurn()
    {
        var first = Calls.FirstOrDefault(c => c.IsInOrder);
        return Calls.Where(c => !c.IsInOrder || ReferenceEquals(c, first)).OrderBy(c => c.Due);
    }

    public bool Has(string key) => Calls.Any(c => c.IdempotencyKey == key);

    /// <summary>With another in the place of one; null: without it.</summary>
    public ParkedCalls With(string key, ParkedCall? other) => new([.. Calls.Select(c => c.IdempotencyKey == key ? other : c).OfType<ParkedCall>()]);
}

[JsonSerializable(typeof(ParkedCalls))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class RetriesJson : JsonSerializerContext;
