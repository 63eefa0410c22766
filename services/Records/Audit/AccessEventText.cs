using System.Text.Json.Serialization;

namespace EdgeMesh.Services.Records.Audit;

/// <summary>What is sealed of an event.</summary>
internal sealed class AccessEventText(AccessEvent access)
{
    public DateTimeOffset Recorded => access.Recorded;

    public string Interaction => access.Interaction;

    public string Outcome => access.Outcome.ToString();

    public string Caller => $"{access.Caller.Site}/{access.Caller.Subject}";

    public string Purpose => access.Caller.Purpose;

    public string? Patient => access.Patient;

    public IEnumerable<string> Resources => access.Resources.Select(r => r.Version is null ? r.Reference : $"{r.Reference}/_history/{r.Version}");

    public string? Rule => access.Rule;

    public string? Query => access.Query;

    public string? RequestId => access.RequestId;
}

/// <summary>Generated serialisation of events.</summary>
[JsonSerializable(typeof(AccessEventText))]
internal sealed partial class AccessEventJson : JsonSerializerContext;
