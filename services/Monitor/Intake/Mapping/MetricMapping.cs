using EdgeMesh.Services.Monitor.Intake.Protos;
using EdgeMesh.Services.Monitor.Store;
using Google.Protobuf.Collections;

namespace EdgeMesh.Services.Monitor.Intake.Mapping;

/// <summary>Measurements as points of this site's series. Counters become rates, histograms a rate and three quantiles: what people look at,
/// and what detectors read. A sender that tells totals is compared with what it told before. Not for concurrent use.</summary>
internal sealed class MetricMapping(string site, TimeProvider clock)
{
    private const int Delta = 1;
    private const int MostLabelText = 200;
    private const int MostName = 200;

    private static readonly (string Kind, double Share)[] Quantiles = [(SeriesKinds.Median, 0.5), (SeriesKinds.P95, 0.95), (SeriesKinds.P99, 0.99)];

    private readonly RunningTotals _totals = new();

    /// <summary>What was mapped last is stored.</summary>
    public void Keep() => _totals.Keep();

    /// <summary>What was mapped last is not: the sender sends it again.</summary>
    public void Undo() => _totals.Undo();

    /// <summary>Ends with <see cref="Keep"/> or <see cref="Undo"/>.</summary>
    /// <param name="request">What came.</param>
    /// <param name="rejected">Points of kinds that are not kept (summaries), that are no numbers, or of more running totals than are remembered.</param>
    public List<SeriesSample> Map(ExportMetricsServiceRequest request, out int rejected)
    {
        var batch = new Batch(site, clock.GetUtcNow());
        foreach (var resource in request.ResourceMetrics)
        {
            foreach (var scope in resource.ScopeMetrics)
            {
                foreach (var metric in scope.Metrics)
                {
                    Map(batch, new Instrument(Origin.Service(null, scope.Scope, resource.Resource), VisibleText.Of(metric.Name, MostName), metric.Unit), metric);
                }
            }
        }

        rejected = batch.Rejected;
        return batch.Samples;
    }

    private void Map(Batch batch, Instrument instrument, Metric metric)
    {
        switch (metric.DataCase)
        {
            case Metric.DataOneofCase.Gauge:
                foreach (var point in metric.Gauge.DataPoints)
                {
                    batch.Add(instrument, SeriesKinds.Gauge, Point.Of(point), Value(point));
                }

                break;
            case Metric.DataOneofCase.Sum:
                foreach (var point in metric.Sum.DataPoints)
                {
                    MapSum(batch, instrument, metric.Sum, point);
                }

                break;
            case Metric.DataOneofCase.Histogram:
                foreach (var point in metric.Histogram.DataPoints)
                {
                    MapDistribution(batch, instrument, Point.Of(point), Distribution.Of(point), metric.Histogram.AggregationTemporality == Delta);
                }

                break;
            case Metric.DataOneofCase.ExponentialHistogram:
                foreach (var point in metric.ExponentialHistogram.DataPoints)
                {
                    MapDistribution(batch, instrument, Point.Of(point), Distribution.Of(point), metric.ExponentialHistogram.AggregationTemporality == Delta);
                }

                break;
            case Metric.DataOneofCase.Summary:
                batch.Rejected += metric.Summary.DataPoints.Count;
                break;
        }
    }

    private void MapSum(Batch batch, Instrument instrument, Sum sum, NumberDataPoint data)
    {
        var (point, value) = (Point.Of(data), Value(data));
        if (!double.IsFinite(value))
        {
            batch.Rejected++;
        }
        else if (!sum.IsMonotonic)
        {
            // Changes add up to what is; a total says what is.
            var level = sum.AggregationTemporality == Delta ? _totals.Add(instrument, point, value) : value;
            batch.AddOrReject(instrument, SeriesKinds.Gauge, point, level);
        }
        else if (sum.AggregationTemporality == Delta)
        {
            batch.AddRate(instrument, PerSecond(instrument), point, value, point.Start);
        }
        else if (_totals.Change(instrument, point, new([], [value], null, null), out var change, out var since))
        {
            batch.AddRate(instrument, PerSecond(instrument), point, change?.Total, since);
        }
        else
        {
            batch.Rejected++;
        }
    }

    private void MapDistribution(Batch batch, Instrument instrument, Point point, Distribution? distribution, bool isDelta)
    {
        var (change, since) = (distribution, point.Start);
        if (distribution is null || (!isDelta && !_totals.Change(instrument, point, distribution, out change, out since)))
        {
            batch.Rejected++;
            return;
        }

        batch.AddRate(instrument, "1/s", point, change?.Total, since);
        if (change is { Total: > 0 })
        {
            foreach (var (kind, share) in Quantiles)
            {
                batch.Add(instrument, kind, point, change.Quantile(share));
            }
        }
    }

    private static string PerSecond(Instrument instrument) => instrument.Unit is "" or "1" ? "1/s" : $"{instrument.Unit}/s";

    private static double Value(NumberDataPoint point) => point.ValueCase == NumberDataPoint.ValueOneofCase.AsInt ? point.AsInt : point.AsDouble;

    /// <summary>What is measured, and by whom.</summary>
    internal sealed record Instrument(string Service, string Name, string Unit);

    /// <summary>Where and when it was measured.</summary>
    internal sealed record Point(DateTimeOffset? Start, DateTimeOffset? Time, IReadOnlyDictionary<string, string> Labels, string? ExemplarTraceId)
    {
        public static Point Of(NumberDataPoint point) => Of(point.StartTimeUnixNano, point.TimeUnixNano, point.Attributes, point.Exemplars);

        public static Point Of(HistogramDataPoint point) => Of(point.StartTimeUnixNano, point.TimeUnixNano, point.Attributes, point.Exemplars);

        public static Point Of(ExponentialHistogramDataPoint point) => Of(point.StartTimeUnixNano, point.TimeUnixNano, point.Attributes, point.Exemplars);

        /// <summary>Of several exemplars the one with the highest value: whoever looks at a latency wants to see the slowest.</summary>
        private static Point Of(ulong start, ulong time, RepeatedField<KeyValue> attributes, RepeatedField<Exemplar> exemplars) => new(
            WireTimes.Time(start), WireTimes.Time(time), Attributes.Read(attributes, MostLabelText),
            exemplars.OrderByDescending(e => e.ValueCase == Exemplar.ValueOneofCase.AsInt ? e.AsInt : e.AsDouble).Select(e => WireTimes.Id(e.TraceId, 16)).FirstOrDefault(id => id is not null));
    }

    private sealed class Batch(string site, DateTimeOffset now)
    {
        public List<SeriesSample> Samples { get; } = [];

        public int Rejected { get; set; }

        public void Add(Instrument instrument, string kind, Point point, double value) => Add(instrument, kind, instrument.Unit, point, value);

        public void AddOrReject(Instrument instrument, string kind, Point point, double? value)
        {
            if (value is { } known)
            {
                Add(instrument, kind, point, known);
            }
            else
            {
                Rejected++;
            }
        }

        /// <summary>Nothing when there is nothing to compare with yet.</summary>
        public void AddRate(Instrument instrument, string unit, Point point, double? change, DateTimeOffset? since)
        {
            if (change is { } amount && since is { } from && (point.Time ?? now) - from is { TotalSeconds: > 0 } span)
            {
                Add(instrument, SeriesKinds.Rate, unit, point, amount / span.TotalSeconds);
            }
        }

        private void Add(Instrument instrument, string kind, string unit, Point point, double value)
        {
            if (!double.IsFinite(value))
            {
                Rejected++;
                return;
            }

            // A clock far ahead would put the point where nobody looks, and keep it there.
            var time = point.Time is { } told && told < now.AddMinutes(5) ? told : now;
            Samples.Add(new(site, instrument.Service, instrument.Name, VisibleText.Of(unit, MostName), kind, point.Labels, time, value, point.ExemplarTraceId));
        }
    }
}
