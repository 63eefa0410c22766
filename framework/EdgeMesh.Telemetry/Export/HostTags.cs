using System.Diagnostics;
using OpenTelemetry;

namespace EdgeMesh.Telemetry;

/// <summary>Names the host on each span. A request's span has it from its source; what happens inside the request, such as a call to
/// another app, starts from process-wide sources and takes it from its parent; what a host does by itself, from the host's flow.</summary>
internal sealed class HostTags : BaseProcessor<Activity>
{
    public override void OnStart(Activity data)
    {
        Copy(data, HostExport.SiteKey);
        Copy(data, HostExport.ServiceKey);
    }

    private static void Copy(Activity activity, string key)
    {
        if ((Of(activity.Source.Tags, key) ?? activity.Parent?.GetTagItem(key) ?? Of(HostExport.TagsOfFlow, key)) is { } value)
        {
            activity.SetTag(key, value);
        }
    }

    private static object? Of(IEnumerable<KeyValuePair<string, object?>>? tags, string key) =>
        tags?.FirstOrDefault(t => t.Key == key).Value;
}
