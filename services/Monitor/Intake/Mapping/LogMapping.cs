using System.Globalization;
using EdgeMesh.Services.Monitor.Intake.Protos;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Intake.Mapping;

/// <summary>Log records as lines of this site.</summary>
internal sealed class LogMapping(string site, TimeProvider clock)
{
    public const int MostMessage = 16 * 1024;

    /// <summary>A clock that is further ahead than this would keep its lines on top for good: they get the time of their arrival.</summary>
    private static readonly TimeSpan Ahead = TimeSpan.FromMinutes(5);

    public List<LogLine> Map(ExportLogsServiceRequest request)
    {
        var (lines, now) = (new List<LogLine>(), clock.GetUtcNow());
        foreach (var resource in request.ResourceLogs)
        {
            foreach (var scope in resource.ScopeLogs)
            {
                lines.AddRange(scope.LogRecords.Select(record => Map(record, scope.Scope, resource.Resource, now)));
            }
        }

        return lines;
    }

    private LogLine Map(LogRecord record, InstrumentationScope? scope, Resource? resource, DateTimeOffset now)
    {
        var fields = Attributes.Read(record.Attributes);
        var message = RequestFields.Cut(fields, Attributes.Text(record.Body, MostMessage));
        if (scope is { Name.Length: > 0 })
        {
            fields["log.logger"] = VisibleText.Of(scope.Name, Attributes.MostText);
        }

        if (record.EventName.Length > 0)
        {
            fields["event.name"] = VisibleText.Of(record.EventName, Attributes.MostText);
        }

        var time = WireTimes.Time(record.TimeUnixNano) ?? WireTimes.Time(record.ObservedTimeUnixNano) ?? now;
        if (time - now > Ahead)
        {
            fields["event.time"] = time.ToString("O", CultureInfo.InvariantCulture);
            time = now;
        }

        return new(0, time, site, Origin.Service(record.Attributes, scope, resource), Level(record.SeverityNumber), message,
            WireTimes.Id(record.TraceId, 16), WireTimes.Id(record.SpanId, 8), fields);
    }

    /// <summary>Four numbers to each level, from 1; without one it is information.</summary>
    private static LogLevel Level(int severity) => severity is >= 1 and <= 24 ? (LogLevel)((severity - 1) / 4) : LogLevel.Information;
}
