using EdgeMesh.Services.Monitor.Intake.Protos;
using EdgeMesh.Services.Monitor.Store;
using Grpc.Core;

namespace EdgeMesh.Services.Monitor.Intake.Grpc;

/// <summary>OTLP's three services over gRPC.</summary>
internal static class GrpcIntake
{
    public static IntakeResult OrThrow(IntakeResult result) => result.Outcome switch
    {
        AddOutcome.Stored => result,
        AddOutcome.Busy => throw RetryDetails.Exception(result.Reason ?? ""),
        _ => throw new RpcException(new Status(StatusCode.Unavailable, "The monitor's store can't be written; send it again.")),
    };
}

/// <summary>Logs over gRPC.</summary>
internal sealed class GrpcLogs(OtlpIntake intake) : LogsService.LogsServiceBase
{
    public override async Task<ExportLogsServiceResponse> Export(ExportLogsServiceRequest request, ServerCallContext context) =>
        Answers.Of<ExportLogsServiceResponse>(GrpcIntake.OrThrow(await intake.TakeAsync(request)));
}

/// <summary>Traces over gRPC.</summary>
internal sealed class GrpcTraces(OtlpIntake intake) : TraceService.TraceServiceBase
{
    public override async Task<ExportTraceServiceResponse> Export(ExportTraceServiceRequest request, ServerCallContext context) =>
        Answers.Of<ExportTraceServiceResponse>(GrpcIntake.OrThrow(await intake.TakeAsync(request)));
}

/// <summary>Metrics over gRPC.</summary>
internal sealed class GrpcMetrics(OtlpIntake intake) : MetricsService.MetricsServiceBase
{
    public override async Task<ExportMetricsServiceResponse> Export(ExportMetricsServiceRequest request, ServerCallContext context) =>
        Answers.Of<ExportMetricsServiceResponse>(GrpcIntake.OrThrow(await intake.TakeAsync(request)));
}
