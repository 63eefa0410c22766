using EdgeMesh.Sidecar;

namespace EdgeMesh.Testing;

/// <summary>Records what apps do with components, and lets faults strike there.</summary>
internal sealed class ComponentCalls(CallLog log, FaultPlan faults)
{
    private const string Separator = "||";

    public async Task TapAsync(ComponentCall call, Func<Task> next, CancellationToken cancellation)
    {
        var seen = See(call);
        try
        {
            await faults.RunAsync(seen, next, cancellation);
            log.Add(seen);
        }
        catch (Exception error)
        {
            log.Add(seen with { Failure = error });
            throw;
        }
    }

    private static DaprCall See(ComponentCall call)
    {
        if (call.Kind == ComponentCallKind.Publish)
        {
            return new DaprCall(CallKind.Publish, EventJson.Text(call.Data, "source"), call.Component, call.Name, call.Data);
        }

        var kind = call.Kind switch
        {
            ComponentCallKind.StateRead => CallKind.StateRead,
            ComponentCallKind.StateWrite => CallKind.StateWrite,
            _ => CallKind.StateDelete,
        };
        var split = call.Name.IndexOf(Separator, StringComparison.Ordinal);
        return split < 0
            ? new DaprCall(kind, "", call.Component, call.Name, call.Data)
            : new DaprCall(kind, call.Name[..split], call.Component, call.Name[(split + Separator.Length)..], call.Data);
    }
}
