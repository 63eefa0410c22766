using EdgeMesh.Services.Monitor.Intake.Protos;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace EdgeMesh.Services.Monitor.Intake.Grpc;

/// <summary>How gRPC tells a client when to come again. OTLP takes RESOURCE_EXHAUSTED for final without it.</summary>
internal static class RetryDetails
{
    private const string Trailer = "grpc-status-details-bin";

    public static byte[] Of(string message) => new RpcStatus
    {
        Code = (int)StatusCode.ResourceExhausted,
        Message = message,
        Details = { Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(IntakeResult.RetryAfter) }) },
    }.ToByteArray();

    public static RpcException Exception(string message) =>
        new(new Status(StatusCode.ResourceExhausted, message), new Metadata { { Trailer, Of(message) } });
}
