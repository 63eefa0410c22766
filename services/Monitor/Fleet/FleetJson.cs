using System.Text.Json.Serialization;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>Generated serialisation of what the fleet says and keeps.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SiteReport))]
[JsonSerializable(typeof(ReportAnswer))]
[JsonSerializable(typeof(SiteRecord))]
[JsonSerializable(typeof(FleetMemory))]
internal sealed partial class FleetJson : JsonSerializerContext;
