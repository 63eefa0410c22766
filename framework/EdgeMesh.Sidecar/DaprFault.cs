using Grpc.Core;

namespace EdgeMesh.Sidecar;

/// <summary>A failure with the code, HTTP status and gRPC status that Dapr's clients know. Thrown by building blocks, answered by the transports.</summary>
internal sealed class DaprFault(string code, string message, int httpStatus, StatusCode grpcStatus, Exception? cause = null) : Exception(message, cause)
{
    public string Code { get; } = code;

    public int HttpStatus { get; } = httpStatus;

    public StatusCode GrpcStatus { get; } = grpcStatus;

    /// <summary>Why, in the words of Dapr's standard error details; null for faults that Dapr answers by HTTP without details.</summary>
    public string? Reason { get; init; }

    /// <summary>Facts about the reason.</summary>
    public IReadOnlyDictionary<string, string> Facts { get; init; } = new Dictionary<string, string>();

    /// <summary>Whether daprd tells the facts by gRPC as well.</summary>
    public bool HasFactsByGrpc { get; init; } = true;

    /// <summary>What measurements call it; null: what they call its cause.</summary>
    public string? ErrorClass { get; init; }

    /// <summary>The component that the fault is about, with its kind.</summary>
    public (string Kind, string Name)? Resource { get; init; }

    /// <summary>What is said of the component: with daprd the faults of publishing repeat their message there, and others say nothing.</summary>
    public string ResourceDescription => Resource?.Kind == "pubsub" ? Message : "";

    /// <summary>The field of the request that is wrong.</summary>
    public string? Field { get; init; }

    public static DaprFault Malformed(string detail) => new("ERR_MALFORMED_REQUEST", detail, 400, StatusCode.InvalidArgument);

    /// <summary>Nothing serves this path, and no header names an app to invoke.</summary>
    public static DaprFault NoRoute() =>
        new("ERR_DIRECT_INVOKE", "failed getting app id either from the URL path or the header dapr-app-id", 404, StatusCode.NotFound);
}
