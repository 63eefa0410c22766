using EdgeMesh.Services.Monitor.Intake.Protos;
using Google.Protobuf;

namespace EdgeMesh.Services.Monitor.Intake;

/// <summary>What OTLP answers to an export that was taken: whether all of it.</summary>
internal static class Answers
{
    public static TAnswer Of<TAnswer>(IntakeResult result)
        where TAnswer : IMessage, new()
    {
        var answer = new TAnswer();
        if (result.Rejected > 0)
        {
            var reason = result.Reason ?? "";
            switch (answer)
            {
                case ExportLogsServiceResponse logs:
                    logs.PartialSuccess = new() { RejectedLogRecords = result.Rejected, ErrorMessage = reason };
                    break;
                case ExportTraceServiceResponse traces:
                    traces.PartialSuccess = new() { RejectedSpans = result.Rejected, ErrorMessage = reason };
                    break;
                case ExportMetricsServiceResponse metrics:
                    metrics.PartialSuccess = new() { RejectedDataPoints = result.Rejected, ErrorMessage = reason };
                    break;
            }
        }

        return answer;
    }
}
