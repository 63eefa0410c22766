using EdgeMesh.Services.Monitor.Intake.Protos;
using Google.Protobuf.Collections;

namespace EdgeMesh.Services.Monitor.Intake.Mapping;

/// <summary>Which service a record is of. The site is always this one: whoever sends here is here, whatever it claims.</summary>
internal static class Origin
{
    public const string SiteKey = "edgemesh.site";
    public const string ServiceKey = "edgemesh.service";
    private const string Nobody = "unknown";
    private const int MostName = 100;

    /// <summary>Hosts that share a process name themselves on each record or scope; others by their resource.</summary>
    public static string Service(RepeatedField<KeyValue>? record, InstrumentationScope? scope, Resource? resource) =>
        VisibleText.Of(Find(record, ServiceKey) ?? Find(scope?.Attributes, ServiceKey) ?? Find(resource?.Attributes, ServiceKey) ?? Find(resource?.Attributes, "service.name") ?? Nobody, MostName);

    private static string? Find(RepeatedField<KeyValue>? attributes, string key)
    {
        foreach (var attribute in attributes ?? [])
        {
            if (attribute.Key == key && attribute.Value?.StringValue is { Length: > 0 } value)
            {
                return value;
            }
        }

        return null;
    }
}
