using EdgeMesh.Hosting;
using EdgeMesh.Services.Monitor.Forward;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Fleet;

/// <summary>What waits at this site for its link: telemetry for the core, and log records that services have on disk for the index, by what
/// they measure of it. And what went to the core today.</summary>
internal sealed class LinkFigures(TelemetryStore store, Forwarder forwarder, MonitorOptions options, SiteIdentity identity, TimeProvider clock)
{
    /// <summary>An older measure says nothing of now.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(3);

    private Backlog _last = new(0, 0, TimeSpan.Zero);
    private (long? Number, DateTimeOffset Since) _parcel;
    private DateTimeOffset? _oldestRow;

    /// <summary>In bytes; no budget where there is no core to send to.</summary>
    public (long BytesToday, long? Budget) Today => options.Core is null ? (0, null) : forwarder.Today;

    /// <summary>While the store does not answer, what it said last.</summary>
    public Backlog Backlog()
    {
        try
        {
            var outgoing = store.ReadOutgoing();
            var oldest = Math.Max(0, (clock.GetUtcNow() - Oldest(outgoing)).TotalSeconds);
            _last = new(
                outgoing.Records + (long)Last("edgemesh.log.backlog.records").Sum(),
                outgoing.Bytes + (long)Last("edgemesh.log.backlog.size").Sum(),
                TimeSpan.FromSeconds(Last("edgemesh.log.backlog.age").Append(oldest).Max()));
        }
        catch (Exception error) when (StoreFaults.Is(error))
        {
            // The report says everything else all the same.
        }

        return _last;
    }

    /// <summary>A parcel does not say when what is in it happened: it waits since it was first seen, or since its rows were when those were seen before.</summary>
    private DateTimeOffset Oldest(OutgoingStatus outgoing)
    {
        var now = clock.GetUtcNow();
        if (outgoing.Parcel != _parcel.Number)
        {
            _parcel = (outgoing.Parcel, _oldestRow ?? now);
        }

        _oldestRow = outgoing.Oldest;
        var parcel = outgoing.Parcel is null ? now : _parcel.Since;
        return outgoing.Oldest is { } row && row < parcel ? row : parcel;
    }

    private double[] Last(string name)
    {
        var now = clock.GetUtcNow();
        return [.. store.ListSeries(new SeriesQuery { Site = identity.Site, Name = name, Kind = SeriesKinds.Gauge })
            .Select(s => store.ReadSeries(s.Id, now - Fresh, now, int.MaxValue)).Where(points => points.Count > 0).Select(points => Math.Max(0, points[^1].Value))];
    }
}
