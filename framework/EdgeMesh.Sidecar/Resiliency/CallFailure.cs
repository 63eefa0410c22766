namespace EdgeMesh.Sidecar.Resiliency;

/// <summary>Why a call that came back counts as failed. One that threw has neither status.</summary>
/// <param name="HttpStatus">What the called side answered by HTTP.</param>
/// <param name="GrpcStatus">What it answered by gRPC.</param>
internal readonly record struct CallFailure(int? HttpStatus, int? GrpcStatus);

/// <summary>A call's result as policies see it.</summary>
internal sealed record Attempt(object? Result, CallFailure? Failure);
