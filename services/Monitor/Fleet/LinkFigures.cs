using System.Data.Common;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>What waits at this site for its link: the log records that its services have on disk for the index, by what they measure of it.</summary>
internal sealed class LinkFigures(TelemetryStore store, SiteIdentity identity, TimeProvider clock)
{
    /// <summary>An older measure says nothing of now.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(3);

    private Backlog _last = new(0, 0, TimeSpan.Zero);

    /// <summary>While the store does not answer, what it said last.</summary>
    public Backlog Backlog()
    {
        try
        {
            _last = new((long)Last("edgemesh.log.backlog.records").Sum(), (long)Last("edgemesh.log.backlog.size").Sum(), TimeSpan.FromSeconds(Last("edgemesh.log.backlog.age").DefaultIfEmpty().Max()));
        }
        catch (DbException)
        {
            // The report says everything else all the same.
        }

        return _last;
    }

    private double[] Last(string name)
    {
        var now = clock.GetUtcNow();
        return [.. store.ListSeries(new SeriesQuery { Site = identity.Site, Name = name, Kind = SeriesKinds.Gauge })
            .Select(s => store.ReadSeries(s.Id, now - Fresh, now, int.MaxValue)).Where(points => points.Count > 0).Select(points => Math.Max(0, points[^1].Value))];
    }
}
