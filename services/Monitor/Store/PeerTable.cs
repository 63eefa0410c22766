using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>What a core has of other sites: the highest number of each life of their stores. Used by the store's thread.</summary>
internal sealed class PeerTable : IDisposable
{
    /// <summary>Lives of one site's store that are remembered; the one that was heard of the longest ago makes room.</summary>
    private const int MostEpochs = 16;

    private readonly TimeProvider _clock;
    private readonly Statement _find;
    private readonly Statement _set;
    private readonly Statement _forget;

    public PeerTable(SqliteConnection connection, TimeProvider clock)
    {
        _clock = clock;
        _find = new(connection, "SELECT sequence FROM peer WHERE site = $site AND epoch = $epoch", "$site", "$epoch");
        _set = new(connection, "INSERT OR REPLACE INTO peer VALUES ($site, $epoch, $sequence, $time)", "$site", "$epoch", "$sequence", "$time");
        _forget = new(connection, "DELETE FROM peer WHERE site = $site AND epoch NOT IN (SELECT epoch FROM peer WHERE site = $site ORDER BY time DESC LIMIT $most)", "$site", "$most");
    }

    /// <summary>Runs <paramref name="write"/> unless it has that number already. Within the transaction of the rows.</summary>
    /// <returns>The highest number that it has now.</returns>
    public long Take(string site, string epoch, long sequence, Action write)
    {
        var last = _find.Value(site, epoch) as long? ?? 0;
        if (sequence <= last)
        {
            return last;
        }

        write();
        _set.Run(site, epoch, sequence, _clock.GetUtcNow().UtcTicks);
        _forget.Run(site, MostEpochs);
        return sequence;
    }

    public void Dispose()
    {
        _find.Dispose();
        _set.Dispose();
        _forget.Dispose();
    }
}
