using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Intake.Mapping;
using EdgeMesh.Services.Monitor.Intake.Protos;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Intake;

/// <summary>Takes the telemetry of the site, whatever the transport. What is answered as taken is on disk.</summary>
internal sealed class OtlpIntake(SiteIdentity identity, TelemetryStore store, IntakeMeter meter, MonitorOptions options, TimeProvider clock)
{
    /// <summary>Of one export: an empty record takes two bytes on the wire, and as much memory as any once it is read.</summary>
    private const int MostRecords = 100_000;

    private readonly LogMapping _logs = new(identity.Site, clock);
    private readonly SpanMapping _spans = new(identity.Site);
    private readonly MetricMapping _metrics = new(identity.Site, clock);
    private readonly SemaphoreSlim _metricGate = new(1, 1);

    /// <summary>Bytes of metrics that are before the gate or behind it: the store's own bound counts what is behind it alone.</summary>
    private long _metricBytes;

    public Task<IntakeResult> TakeAsync(ExportLogsServiceRequest request) => TakeAsync("logs", ExportSize.Of(request),
        () => AddAsync(new TelemetryBatch { Logs = _logs.Map(request), Weight = request.CalculateSize() }, 0, null));

    public Task<IntakeResult> TakeAsync(ExportTraceServiceRequest request) => TakeAsync("traces", ExportSize.Of(request),
        () => AddAsync(new TelemetryBatch { Spans = _spans.Map(request, out var rejected), Weight = request.CalculateSize() }, rejected, "Spans need a trace id, a span id and a start."));

    public Task<IntakeResult> TakeAsync(ExportMetricsServiceRequest request) => TakeAsync("metrics", ExportSize.Of(request), () => TakeMetricsAsync(request));

    private async Task<IntakeResult> TakeAsync(string signal, int records, Func<Task<IntakeResult>> take)
    {
        // For good, as OTLP's partial success tells it: the same export would be refused again.
        var result = records <= MostRecords
            ? await take()
            : new IntakeResult(AddOutcome.Stored, records, $"At most {MostRecords} records to an export; send them in smaller ones.");
        meter.Note(signal, records, result);
        return result;
    }

    /// <summary>One at a time, until it is stored: a change is told by what was stored before it.</summary>
    private async Task<IntakeResult> TakeMetricsAsync(ExportMetricsServiceRequest request)
    {
        var weight = request.CalculateSize();
        if (Interlocked.Add(ref _metricBytes, weight) is var waiting && waiting > options.QueueBytes && waiting > weight)
        {
            Interlocked.Add(ref _metricBytes, -weight);
            return new(AddOutcome.Busy, 0, "More metrics came than the disk can take; send them again in a moment.");
        }

        await _metricGate.WaitAsync();
        try
        {
            var samples = _metrics.Map(request, out var rejected);
            var result = await AddAsync(new TelemetryBatch { Samples = samples, Weight = weight }, rejected,
                "Summaries are not taken, nor points that are no numbers, nor more running totals than are remembered: send histograms, and delta temporality.");
            if (result.Outcome == AddOutcome.Stored)
            {
                _metrics.Keep();
            }

            return result;
        }
        finally
        {
            // Nothing is left to undo of what was kept.
            _metrics.Undo();
            _metricGate.Release();
            Interlocked.Add(ref _metricBytes, -weight);
        }
    }

    private async Task<IntakeResult> AddAsync(TelemetryBatch batch, int rejected, string? reason)
    {
        if (batch.Records == 0)
        {
            return new(AddOutcome.Stored, rejected, rejected > 0 ? reason : null);
        }

        var added = await store.AddAsync(batch);
        return new(added.Outcome, rejected + added.Refused, added.Reason ?? (rejected > 0 ? reason : null));
    }
}

/// <summary>What became of an export.</summary>
/// <param name="Outcome">Whether it is stored; if not, the sender should send it again.</param>
/// <param name="Rejected">Records that were left out for good.</param>
/// <param name="Reason">For people.</param>
internal sealed record IntakeResult(AddOutcome Outcome, int Rejected, string? Reason)
{
    /// <summary>When a sender that was turned away should come again.</summary>
    public static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);
}
