using System.Diagnostics.Metrics;

namespace EdgeMesh.Telemetry;

/// <summary>The figures by which an operator sees logs pile up or go missing. They are the spool's, which hosts share: each host of the process
/// tells the same.</summary>
internal sealed class ShippingMeter : IDisposable
{
    private readonly Meter _meter;

    public ShippingMeter(TelemetryIdentity identity, LogSpool spool, LogShipper shipper, TimeProvider clock)
    {
        _meter = new Meter("EdgeMesh.Telemetry", version: null, [new(HostExport.SiteKey, identity.Site)]);
        _meter.CreateObservableGauge("edgemesh.log.backlog.records", () => spool.Status.BacklogRecords, "{record}", "Log records on disk that are not delivered");
        _meter.CreateObservableGauge("edgemesh.log.backlog.size", () => spool.Status.BacklogBytes, "By", "Their size");
        _meter.CreateObservableGauge("edgemesh.log.backlog.age", () => spool.Status.Oldest is { } oldest ? (clock.GetUtcNow() - oldest).TotalSeconds : 0, "s", "Age of the oldest of them");
        _meter.CreateObservableGauge("edgemesh.log.lost", () => spool.Status.LostRecords, "{record}", "Lost for lack of room, and not yet told to the index");
        _meter.CreateObservableGauge("edgemesh.log.held", () => shipper.Status.State == LogShippingState.Held ? 1 : 0, null, "1: only an operator can help");
        _meter.CreateObservableCounter("edgemesh.log.delivered", () => shipper.Status.Delivered, "{record}", "Log records that the index took");
        _meter.CreateObservableCounter("edgemesh.log.refused", () => shipper.Status.DeadLettered, "{record}", "Log records that the index refused for good");
        _meter.CreateObservableCounter("edgemesh.log.quarantined", () => shipper.Status.Quarantined, "{record}", "Log records in the index's failure store");
    }

    public void Dispose() => _meter.Dispose();
}
