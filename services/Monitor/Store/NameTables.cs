using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;

namespace EdgeMesh.Services.Monitor.Store;

/// <summary>Numbers for sources (a service of a site) and for series, on the writer's connection. Both are bounded, for each site and over all:
/// a sender that makes up names can neither fill the store with them nor use up what other sites need.</summary>
internal sealed class NameTables : IDisposable
{
    public const int MostSources = 4000;
    public const int MostSeries = 200_000;
    public const int MostSourcesOfASite = 200;
    public const int MostSeriesOfASite = 20_000;

    private readonly SqliteConnection _connection;
    private readonly Dictionary<(string Site, string Service), (long Number, long Slot)> _sources = [];

    // By digest: the labels themselves would take more memory than everything else of the monitor.
    private readonly Dictionary<UInt128, (long Number, long Slot)> _series = [];
    private readonly Statement _findSource;
    private readonly Statement _addSource;
    private readonly Statement _findSeries;
    private readonly Statement _addSeries;
    private readonly Statement _seeSeries;
    private readonly Statement _seeSource;

    /// <summary>How many sources and series each site has; null: to be counted.</summary>
    private Dictionary<string, NameCount>? _counts;

    public NameTables(SqliteConnection connection)
    {
        _connection = connection;
        _findSource = new(connection, "SELECT n FROM source WHERE site = $site AND service = $service", "$site", "$service");
        _addSource = new(connection, "INSERT INTO source (site, service, seen) VALUES ($site, $service, 0) RETURNING n", "$site", "$service");
        _findSeries = new(connection, "SELECT n FROM series WHERE source = $source AND name = $name AND kind = $kind AND labels = $labels", "$source", "$name", "$kind", "$labels");
        _addSeries = new(connection, "INSERT INTO series (source, name, kind, labels, unit, seen) VALUES ($source, $name, $kind, $labels, $unit, 0) RETURNING n", "$source", "$name", "$kind", "$labels", "$unit");
        _seeSeries = new(connection, "UPDATE series SET seen = $slot WHERE n = $n AND seen < $slot", "$slot", "$n");
        _seeSource = new(connection, "UPDATE source SET seen = $slot WHERE n = $n AND seen < $slot", "$slot", "$n");
    }

    /// <summary>Null: there are too many already. Remembers the last part of the time of which the source has something.</summary>
    public long? Source(string site, string service, long slot)
    {
        if (!_sources.TryGetValue((site, service), out var known))
        {
            if ((_findSource.Value(site, service) as long? ?? AddSource(site, service)) is not { } number)
            {
                return null;
            }

            known = (number, 0);
        }

        if (known.Slot < slot)
        {
            _seeSource.Run(slot, known.Number);
            known.Slot = slot;
        }

        _sources[(site, service)] = known;
        return known.Number;
    }

    /// <summary>Null: there are too many already. Remembers the last part of the time in which the series had a point.</summary>
    public long? Series(long source, SeriesSample sample, long slot)
    {
        var labels = FieldsJson.Write(sample.Labels);
        var key = Digest(source, sample, labels);
        if (!_series.TryGetValue(key, out var known))
        {
            if ((_findSeries.Value(source, sample.Name, sample.Kind, labels) as long? ?? AddSeries(source, sample, labels)) is not { } number)
            {
                return null;
            }

            known = (number, 0);
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
        _counts = null;
    }

    public void Dispose()
    {
        foreach (var statement in (Statement[])[_findSource, _addSource, _findSeries, _addSeries, _seeSeries, _seeSource])
        {
            statement.Dispose();
        }
    }

    private long? AddSource(string site, string service)
    {
        var (counts, own) = Count(site);
        if (own.Sources >= MostSourcesOfASite || counts.Values.Sum(c => c.Sources) >= MostSources)
        {
            return null;
        }

        counts[site] = own with { Sources = own.Sources + 1 };
        return (long)_addSource.Value(site, service)!;
    }

    private long? AddSeries(long source, SeriesSample sample, string labels)
    {
        var (counts, own) = Count(sample.Site);
        if (own.Series >= MostSeriesOfASite || counts.Values.Sum(c => c.Series) >= MostSeries)
        {
            return null;
        }

        counts[sample.Site] = own with { Series = own.Series + 1 };
        return (long)_addSeries.Value(source, sample.Name, sample.Kind, labels, sample.Unit)!;
    }

    private (Dictionary<string, NameCount> All, NameCount Own) Count(string site)
    {
        if (_counts is null)
        {
            using var command = _connection.CreateCommand();
            command.CommandText = "SELECT source.site, count(DISTINCT source.n), count(series.n) FROM source LEFT JOIN series ON series.source = source.n GROUP BY source.site";
            using var reader = command.ExecuteReader();
            _counts = new(StringComparer.Ordinal);
            while (reader.Read())
            {
                _counts[reader.GetString(0)] = new(reader.GetInt32(1), reader.GetInt32(2));
            }
        }

        return (_counts, _counts.GetValueOrDefault(site));
    }

    private static UInt128 Digest(long source, SeriesSample sample, string labels)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{source}\n{sample.Name}\n{sample.Kind}\n{labels}"), digest);
        return BinaryPrimitives.ReadUInt128LittleEndian(digest);
    }

    private readonly record struct NameCount(int Sources, int Series);
}
