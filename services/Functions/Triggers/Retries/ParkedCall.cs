using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace EdgeMesh.Services.Functions.Triggers.Retries;

/// <summary>A call that failed and is tried again later.</summary>
/// <param name="IdempotencyKey">Which.</param>
/// <param name="Trigger">What called.</param>
/// <param name="Attempts">How often it was tried.</param>
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
}

/// <summary>The parked calls of a function, as they are stored.</summary>
internal sealed record ParkedCalls(IReadOnlyList<ParkedCall> Calls)
{
    public static readonly ParkedCalls None = new([]);
}

[JsonSerializable(typeof(ParkedCalls))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class RetriesJson : JsonSerializerContext;
