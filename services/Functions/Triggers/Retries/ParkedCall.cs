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
    /// <summary>Counts up with each that is parked: those that came later have a higher one.</summary>
    public long Number { get; init; }

    /// <summary>Where it is stored, as long as it is parked.</summary>
    [JsonIgnore]
    public int Place { get; init; }

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

/// <summary>What tells where a function's parked calls are stored.</summary>
/// <param name="Places">How many places may hold one.</param>
/// <param name="Calls">The calls themselves, as a version before wrote them; none: each is at its place.</param>
internal sealed record ParkedHead(int Places, IReadOnlyList<ParkedCall>? Calls)
{
    public static readonly ParkedHead None = new(0, null);
}

/// <summary>The parked calls of a function.</summary>
/// <param name="Calls">In the order in which they came.</param>
/// <param name="Places">How many places the head tells of.</param>
internal sealed record ParkedCalls(IReadOnlyList<ParkedCall> Calls, int Places)
{
    /// <summary>The first place that holds none.</summary>
    public int FreePlace => Enumerable.Range(0, Calls.Count + 1).Except(Calls.Select(c => c.Place)).First();

    /// <summary>Those that may be tried next, the longest due first: of changes that wait for their first turn the first alone.</summary>
    public IEnumerable<ParkedCall> InTurn()
    {
        var first = Calls.FirstOrDefault(c => c.IsInOrder);
        return Calls.Where(c => !c.IsInOrder || ReferenceEquals(c, first)).OrderBy(c => c.Due);
    }

    public bool Has(string key) => Calls.Any(c => c.IdempotencyKey == key);

    /// <summary>With another in the place of one; null: without it.</summary>
    public ParkedCalls With(long number, ParkedCall? other) => this with { Calls = [.. Calls.Select(c => c.Number == number ? other : c).OfType<ParkedCall>()] };
}

[JsonSerializable(typeof(ParkedCall))]
[JsonSerializable(typeof(ParkedHead))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class RetriesJson : JsonSerializerContext;
