using System.Diagnostics;
using OpenTelemetry;

namespace EdgeMesh.Telemetry;

/// <summary>Leaves queries out of spans: people search for names. The library hides the values alone, and not what stands where a parameter's name should.</summary>
internal sealed class QueryCut : BaseProcessor<Activity>
{
    private const string Query = "url.query";
    private const string Address = "url.full";

    public override void OnEnd(Activity data)
    {
        if (data.GetTagItem(Query) is not null)
        {
            data.SetTag(Query, null);
        }

        if (data.GetTagItem(Address) is string address && address.IndexOf('?', StringComparison.Ordinal) is >= 0 and var at)
        {
            data.SetTag(Address, address[..at]);
        }
    }
}
