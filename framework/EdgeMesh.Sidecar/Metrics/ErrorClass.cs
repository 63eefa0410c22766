using EdgeMesh.Sidecar.Resiliency;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>The conventions' <c>error.type</c>. There are as many values as classes of exceptions: what an error says is none.</summary>
internal static class ErrorClass
{
    /// <summary>The app did not take a message, and gets it again.</summary>
    public const string Retry = "retry";

    public static string Of(Exception failure) => failure switch
    {
        DaprFault { ErrorClass: { } known } => known,
        DaprFault { InnerException: { } cause } => Of(cause),
        TimeoutException => "timeout",
        CircuitOpenException => "circuit_open",
        OperationCanceledException => "canceled",
        // Not the full name: of a generic class it has the versions of libraries in it.
        _ => $"{failure.GetType().Namespace}.{failure.GetType().Name}",
    };
}
