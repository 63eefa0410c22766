using EdgeMesh.Sidecar.Resiliency;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>The conventions' <c>error.type</c>. There are as many values as classes of exceptions: what an error says is none.</summary>
internal static class ErrorClass
{
    /// <summary>The app did not take a message, and gets it again.</summary>
    public const string Retry = "retry";

    private const string Timeout = "timeout";
    private const string Canceled = "canceled";

    /// <summary>Of an attempt that did not end by itself.</summary>
    /// <param name="attempt">Ends it when its time is over.</param>
    /// <param name="all">Ends whatever it is an attempt of.</param>
    public static string OfEnded(CancellationToken attempt, CancellationToken all) =>
        attempt.IsCancellationRequested && !all.IsCancellationRequested ? Timeout : Canceled;

    public static string Of(Exception failure) => failure switch
    {
        DaprFault { ErrorClass: { } known } => known,
        DaprFault { InnerException: { } cause } => Of(cause),
        TimeoutException => Timeout,
        CircuitOpenException => "circuit_open",
        OperationCanceledException => Canceled,
        // Not the full name: of a generic class it has the versions of libraries in it.
        _ => $"{failure.GetType().Namespace}.{failure.GetType().Name}",
    };
}
