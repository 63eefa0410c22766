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
    string IdempotencyKey, string Trigger, int Attempts, DateTimeOffset Due, IReadOnlyDictionary<string, string> Environment, string? DeadLetter, int Retries);

/// <summary>The parked calls of a function, as they are stored.</summary>
internal sealed record ParkedCalls(IReadOnlyList<ParkedCall> Calls)
{
    public static readonly ParkedCalls None = new([]);
}

[JsonSerializable(typeof(ParkedCalls))]
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
internal sealed partial class RetriesJson : JsonSerializerContext;
