using System.Diagnostics.Metrics;
using EdgeMesh.Services.Monitor.Intake;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>The board as measurements, so that Prometheus sees what the console shows. Only of sites that are judged here.</summary>
internal sealed class FleetMeter
{
    private const string SiteKey = "fleet.site";

    public FleetMeter(IMeterFactory meters, FleetBoard board)
    {
        var meter = meters.Create(IntakeMeter.Name);
        meter.CreateObservableGauge("fleet.liveness", () => Each(board, s => (int)s.Liveness), null, "0: unseen, 1: live, 2: stale, 3: offline");
        meter.CreateObservableGauge("fleet.flapping", () => Each(board, s => s.IsFlapping ? 1 : 0), null, "1: the site comes and goes");
        meter.CreateObservableGauge("fleet.alerts", () => Each(board, s => s.Firing), "{alert}", "The site's own alerts that fire");
        meter.CreateObservableGauge("fleet.backlog.records", () => Each(board, s => s.Backlog.Records), "{record}", "What waits at the site for its link");
        meter.CreateObservableGauge("fleet.backlog.size", () => Each(board, s => s.Backlog.Bytes), "By", "Its size");
        meter.CreateObservableGauge("fleet.backlog.age", () => Each(board, s => s.Backlog.OldestAge.TotalSeconds), "s", "Age of the oldest of it");
        meter.CreateObservableGauge("fleet.clock.ahead", () => Each(board, s => s.Skew?.Ahead.TotalSeconds), "s", "The site's clock beside the core's");
        meter.CreateObservableGauge("fleet.disk.free", () => Each(board, s => s.Disk.FreeShare), "1", "Free share of the disk of the site's folder");
    }

    private static IEnumerable<Measurement<double>> Each(FleetBoard board, Func<SiteState, double?> measure) =>
        from site in board.Sites
        where site.KnownAsOf is null
        let value = measure(site)
        where value is not null
        select new Measurement<double>(value.Value, new KeyValuePair<string, object?>(SiteKey, site.Name));
}
