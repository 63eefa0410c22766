using System.Diagnostics;
using OpenTelemetry;

namespace EdgeMesh.Telemetry;

/// <summary>Leaves out of spans what their addresses tell of people and their records. The library hides the values of queries alone, and
/// neither what stands where a parameter's name should nor what stands in paths.</summary>
internal sealed class AddressCut : BaseProcessor<Activity>
{
    public override void OnEnd(Activity data)
    {
        data.DisplayName = AnonymousAddress.OfName(data.DisplayName);
        AnonymousAddress.Cut(name => data.GetTagItem(name) as string, (name, _, kept) => data.SetTag(name, kept));
    }
}
