using System.Diagnostics;
using Microsoft.Extensions.Logging;
using OpenTelemetry;

namespace EdgeMesh.Sidecar.Tracing;

/// <summary>daprd's <c>stdout</c>: a line in the log for each span.</summary>
internal sealed partial class SpanLog(ILogger logger) : BaseExporter<Activity>
{
    public override ExportResult Export(in Batch<Activity> batch)
    {
        foreach (var span in batch)
        {
            LogSpan(logger, span.DisplayName, span.TraceId.ToHexString(), span.ParentSpanId.ToHexString(), span.SpanId.ToHexString(), span.StartTimeUtc, span.StartTimeUtc + span.Duration);
        }

        return ExportResult.Success;
    }

    [LoggerMessage(LogLevel.Information, "[{Name}] Trace: {Trace} Span: {Parent}/{Span} Time: [{Start:O} ->  {End:O}]")]
    private static partial void LogSpan(ILogger logger, string name, string trace, string parent, string span, DateTime start, DateTime end);
}
