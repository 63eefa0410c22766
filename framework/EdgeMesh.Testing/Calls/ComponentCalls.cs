using EdgeMesh.Sidecar;

namespace EdgeMesh.Testing;

/// <summary>Records what apps do with components, and lets faults strike there; and what comes to apps by streams of theirs.</summary>
internal sealed class ComponentCalls(CallGate gate)
{
    private const string Separator = "||";

    public Task TapAsync(ComponentCall call, Func<Task> next, CancellationToken cancellation) => gate.PassAsync(
        call.Kind is ComponentCallKind.StreamedDelivery or ComponentCallKind.StreamedActorCall
            ? new DaprCall(KindOf(call.Kind), call.Component, call.App, call.Name, call.Data)
            : new DaprCall(KindOf(call.Kind), call.App, call.Component, NameOf(call), call.Data) { Metadata = call.Metadata },
        async _ =>
        {
            await next();
            return null;
        },
        cancellation);

    /// <summary>Keys and locks carry the app's prefix.</summary>
    private static string NameOf(ComponentCall call) =>
        call.Kind is ComponentCallKind.StateRead or ComponentCallKind.StateWrite or ComponentCallKind.StateDelete or ComponentCallKind.Lock or ComponentCallKind.Unlock
        && call.Name.IndexOf(Separator, StringComparison.Ordinal) is >= 0 and var split
            ? call.Name[(split + Separator.Length)..]
            : call.Name;

    private static CallKind KindOf(ComponentCallKind kind) => kind switch
    {
        ComponentCallKind.StateRead => CallKind.StateRead,
        ComponentCallKind.StateWrite => CallKind.StateWrite,
        ComponentCallKind.StateDelete => CallKind.StateDelete,
        ComponentCallKind.Publish => CallKind.Publish,
        ComponentCallKind.StreamedDelivery => CallKind.Delivery,
        ComponentCallKind.StreamedActorCall => CallKind.ActorCall,
        ComponentCallKind.BindingInvocation => CallKind.BindingInvocation,
        ComponentCallKind.SecretRead => CallKind.SecretRead,
        ComponentCallKind.ConfigurationRead => CallKind.ConfigurationRead,
        ComponentCallKind.Lock => CallKind.Lock,
        ComponentCallKind.Unlock => CallKind.Unlock,
        ComponentCallKind.Encrypt => CallKind.Encrypt,
        ComponentCallKind.Decrypt => CallKind.Decrypt,
        ComponentCallKind.Invocation => CallKind.Invocation,
        ComponentCallKind.JobSchedule => CallKind.JobSchedule,
        ComponentCallKind.JobRead => CallKind.JobRead,
        ComponentCallKind.JobDelete => CallKind.JobDelete,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "no kind of call is known for this"),
    };
}
