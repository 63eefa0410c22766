using EdgeMesh.Sidecar.Apps;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Metrics;
using EdgeMesh.Sidecar.Resiliency;
using Grpc.Core;

namespace EdgeMesh.Sidecar.BuildingBlocks.Bindings;

/// <summary>Output bindings, whatever the transport.</summary>
internal static class BindingsBlock
{
    public static async Task<BindingAnswer> InvokeAsync(AppRuntime app, string name, BindingRequest request, CancellationToken cancellation)
    {
        try
        {
            return await ComponentMetrics.OutputBinding.CountAsync(app, name, request.Operation, () =>
            {
                var (binding, spec) = Find(app, name, request.Operation);
                return app.Resilience.Outbound(spec).RunAsync(token => binding.InvokeAsync(request, token), cancellation);
            });
        }
        catch (Exception error) when (error is not (OperationCanceledException or BindingFailureException or DaprFault))
        {
            // Whatever a driver throws is this request's failure.
            throw Failed(name, error.Message);
        }
    }

    private static (IOutputBinding Binding, ComponentSpec Spec) Find(AppRuntime app, string name, string operation)
    {
        if (operation.Length == 0)
        {
            throw Failed(name, "operation field is missing from request");
        }

        var component = app.Find(name) is { } found && found.Spec.Type.StartsWith("bindings.", StringComparison.Ordinal) ? found : null;
        if (component is { Driver: null })
        {
            throw Failed(name, $"the binding is not open: {component.Failure}");
        }

        var binding = component?.Driver as IOutputBinding ?? throw Failed(name, $"couldn't find output binding {name}");
        return binding.Operations.Contains(operation, StringComparer.Ordinal)
            ? (binding, component!.Spec)
            : throw Failed(name, $"binding {name} does not support operation {operation}. supported operations:{string.Join(' ', binding.Operations)}");
    }

    public static DaprFault Failed(string name, string reason) =>
        new("ERR_INVOKE_OUTPUT_BINDING", $"error invoking output binding {name}: {reason}", 500, StatusCode.Internal);
}
