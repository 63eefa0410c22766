using System.Collections.Immutable;
using System.Text.Json.Serialization;
using EdgeMesh.Services.Monitor.Alerting.Notices;

namespace EdgeMesh.Services.Monitor.Alerting;

/// <summary>What must survive a restart: what is wrong and since when, what nobody wants to hear of, and what was told to whom.</summary>
/// <param name="Active">Pending and firing.</param>
/// <param name="Silences">Silences.</param>
/// <param name="Told">What was told.</param>
/// <param name="Routes">How the routes fare.</param>
internal sealed record AlertMemory(ImmutableArray<Alert> Active, ImmutableArray<Silence> Silences, ImmutableArray<ToldGroup> Told, ImmutableArray<RouteStatus> Routes);

/// <summary>What is over; written apart, for it changes less often.</summary>
/// <param name="Alerts">Oldest first.</param>
internal sealed record AlertHistory(ImmutableArray<Alert> Alerts);

/// <summary>Generated serialisation of what must survive, and of what programs get.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(AlertMemory))]
[JsonSerializable(typeof(AlertHistory))]
[JsonSerializable(typeof(AlertsView))]
[JsonSerializable(typeof(IReadOnlyList<Silence>))]
[JsonSerializable(typeof(SilenceRequest))]
internal sealed partial class AlertJson : JsonSerializerContext;
