using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Numbers for sources (a service of a site) and for series, on the writer's connection. Both are bounded: a sender that makes up
/// names can't fill the store with them.</summary>
internal sealed class NameTables : IDisposable
{
    public const int MostSources = 2000;
    public const int MostSeries = 200_000;

    private readonly Dictionary<(string Site, string Service), long> _sources = [];

    // By digest: the labels themselves would take more memory than everything else of the monitor.
    private readonly Dictionary<UInt128, (long Number, long Slot)> _series = [];
    private readonly Statement _findSource;
    private readonly Statement _addSource;
    private readonly Statement _findSeries;
    private readonly Statement _addSeries;
    private readonly Statement _seeSeries;
    private readonly Statement _countSources;
    private readonly Statement _countSeries;

    public NameTables(SqliteConnection connection)
    {
        _findSource = new(connection, "SELECT n FROM source WHERE site = $site AND service = $service", "$site", "$service");
        _addSource = new(connection, "INSERT INTO source (site, service) VALUES ($site, $service) RETURNING n", "$site", "$service");
        _findSeries = new(connection, "SELECT n FROM series WHERE source = $source AND name = $name AND kind = $kind AND labels = $labels", "$source", "$name", "$kind", "$labels");
        _addSeries = new(connection, "INSERT INTO series (source, name, kind, labels, unit, seen) VALUES ($source, $name, $kind, $labels, $unit, 0) RETURNING n", "$source", "$name", "$kind", "$labels", "$unit");
        _seeSeries = new(connection, "UPDATE series SET seen = $slot WHERE n = $n AND seen < $slot", "$slot", "$n");
        _countSources = new(connection, "SELECT count(*) FROM source");
        _countSeries = new(connection, "SELECT count(*) FROM series");
    }

    /// <summary>Null: there are too many already.</summary>
    public long? Source(string site, string service)
    {
        if (_sources.TryGetValue((site, service), out var known))
        {
            return known;
        }

        var number = _findSource.Value(site, service) as long?
            ?? ((long)_countSources.Value()! < MostSources ? (long)_addSource.Value(site, service)! : null);
        if (number is { } found)
        {
            _sources[(site, service)] = found;
        }

        return number;
    }

    /// <summary>Null: there are too many already. Remembers the last part of the time in which the series had a point.</summary>
    public long? Series(long source, SeriesSample sample, long slot)
    {
        var labels = FieldsJson.Write(sample.Labels);
        var key = Digest(source, sample, labels);
        if (!_series.TryGetValue(key, out var known))
        {
            var number = _findSeries.Value(source, sample.Name, sample.Kind, labels) as long?
                ?? ((long)_countSeries.Value()! < MostSeries ? (long)_addSeries.Value(source, sample.Name, sample.Kind, labels, sample.Unit)! : null);
            if (number is null)
            {
                return null;
            }

            known = (number.Value, 0);
        }

        if (known.Slot < slot)
        {
            _seeSeries.Run(slot, known.Number);
            known.Slot = slot;
        }

        _series[key] = known;
        return known.Number;
    }

    /// <summary>After a transaction that failed, or rows that were deleted, what is remembered may not be there.</summary>
    public void Forget()
    {
        _sources.Clear();
        _series.Clear();
    }

    public void Dispose()
    {
        foreach (var statement in (Statement[])[_findSource, _addSource, _findSeries, _addSeries, _seeSeries, _countSources, _countSeries])
        {
            statement.Dispose();
        }
    }

    private static UInt128 Digest(long source, SeriesSample sample, string labels)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{source}\n{sample.Name}\n{sample.Kind}\n{labels}"), digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }
}
