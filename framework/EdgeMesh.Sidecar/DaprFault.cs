using Grpc.Core;

namespace EdgeMesh.Sidecar;

/// <summary>A failure with the code, HTTP status and gRPC status that Dapr's clients know. Thrown by building blocks, answered by the transports.</summary>
internal sealed class DaprFault(string code, string message, int httpStatus, StatusCode grpcStatus) : Exception(message)
{
    public string Code { get; } = code;

    public int HttpStatus { get; } = httpStatus;

    public StatusCode GrpcStatus { get; } = grpcStatus;

    public static DaprFault Malformed(string detail) =>
        new("ERR_MALFORMED_REQUEST", $"failed deserializing HTTP body: {detail}", 400, StatusCode.InvalidArgument);
}

/// <summary>The resources can't be used; every fault is listed with its file and line.</summary>
public sealed class SidecarConfigurationException(IReadOnlyList<string> faults)
    : Exception("The sidecar can't start:" + string.Concat(faults.Select(f => Environment.NewLine + "  - " + f)))
{
    /// <summary>The faults, one a line.</summary>
    public IReadOnlyList<string> Faults { get; } = faults;
}
