using EdgeMesh.Services.Monitor.Intake.Mapping;
using EdgeMesh.Services.Monitor.Intake.Protos;
using EdgeMesh.Services.Monitor.Store;
using Google.Protobuf;

namespace EdgeMesh.Services.Monitor.Tests.Intake;

public sealed class MetricMappingTests
{
    private const int Delta = 1;
    private const int Cumulative = 2;

    private readonly MetricMapping _mapping = new("clinic-a", TimeProvider.System);

    [Fact]
    public void Map_ACounterThatTellsChanges_GivesARate()
    {
        var sample = Assert.Single(Map(Counter(30, 0, 15, Delta)));

        Assert.Equal((SeriesKinds.Rate, "{request}/s", 2.0, "records", "clinic-a"), (sample.Kind, sample.Unit, sample.Value, sample.Service, sample.Site));
        Assert.Equal(Exports.Time.AddSeconds(15), sample.Time);
    }

    [Fact]
    public void Map_ACounterThatTellsTotals_GivesARateFromTheSecondOnAndAfterARestart()
    {
        Assert.Empty(Map(Counter(100, 0, 15, Cumulative)));
        Assert.Equal(2, Assert.Single(Map(Counter(130, 0, 30, Cumulative))).Value);
        Assert.Equal(0, Assert.Single(Map(Counter(130, 0, 45, Cumulative))).Value);

        // Started again five seconds ago, and counted to ten since.
        Assert.Equal(2, Assert.Single(Map(Counter(10, 50, 55, Cumulative))).Value);
    }

    [Fact]
    public void Map_AHistogram_GivesItsRateAndQuantilesWithTheSlowestExemplar()
    {
        var point = new HistogramDataPoint
        {
            StartTimeUnixNano = Exports.Nanoseconds(0), TimeUnixNano = Exports.Nanoseconds(10), Count = 100, ExplicitBounds = { 1, 2, 4 }, BucketCounts = { 50, 40, 9, 1 }, Min = 0, Max = 9,
            Exemplars = { Exemplar(0.5, 1), Exemplar(9, 2), Exemplar(3, 3) },
        };

        var samples = Map(new Metric { Name = "latency", Unit = "s", Histogram = new() { AggregationTemporality = Delta, DataPoints = { point } } });

        Assert.Equal([(SeriesKinds.Rate, 10), (SeriesKinds.Median, 1), (SeriesKinds.P95, 2 + (2 * 5 / 9.0)), (SeriesKinds.P99, 4)], samples.Select(s => (s.Kind, s.Value)));
        Assert.Equal(["1/s", "s", "s", "s"], samples.Select(s => s.Unit));
        Assert.All(samples, s => Assert.Equal("00000000000000000000000000000002", s.ExemplarTraceId));
    }

    [Fact]
    public void Map_AnExponentialHistogram_FindsQuantilesBetweenItsPowers()
    {
        // Scale 0: powers of two; offset 1: the first bucket is from 2 to 4.
        var point = new ExponentialHistogramDataPoint
        {
            StartTimeUnixNano = Exports.Nanoseconds(0), TimeUnixNano = Exports.Nanoseconds(10), Count = 10, Scale = 0, Positive = new() { Offset = 1, BucketCounts = { 5, 5 } },
        };

        var samples = Map(new Metric { Name = "size", ExponentialHistogram = new() { AggregationTemporality = Delta, DataPoints = { point } } });

        Assert.Equal(4, samples.Single(s => s.Kind == SeriesKinds.Median).Value);
        Assert.Equal(8, samples.Single(s => s.Kind == SeriesKinds.P99).Value, 0.2);
    }

    [Fact]
    public void Map_WhatGoesUpAndDown_GivesWhatIs()
    {
        Assert.Equal(3, Assert.Single(Map(UpDown(3, Delta, 1))).Value);
        Assert.Equal(1, Assert.Single(Map(UpDown(-2, Delta, 2))).Value);
        Assert.Equal(7, Assert.Single(Map(UpDown(7, Cumulative, 3))).Value);
    }

    [Fact]
    public void Map_AfterAnExportThatWasNotStored_GivesWhatThatOneGave()
    {
        Map(Counter(100, 0, 15, Cumulative));
        Map(UpDown(3, Delta, 1));

        var lost = Attempt();
        _mapping.Undo();
        var again = Attempt();
        _mapping.Keep();

        Assert.Equal([2.0, 1.0], lost);
        Assert.Equal(lost, again);
        Assert.Equal(4, Assert.Single(Map(Counter(160, 0, 37.5, Cumulative))).Value);

        double[] Attempt() => [.. _mapping.Map(Exports.Metrics(Counter(130, 0, 30, Cumulative), UpDown(-2, Delta, 2)), out _).Select(s => s.Value)];
    }

    [Fact]
    public void Map_AChangeThatIsSentAgainBecauseItsAnswerWasLost_CountsOnce()
    {
        Map(UpDown(3, Delta, 1));
        Map(UpDown(2, Delta, 2));

        Assert.Equal(5, Assert.Single(Map(UpDown(2, Delta, 2))).Value);
        Assert.Equal(9, Assert.Single(Map(UpDown(4, Delta, 3))).Value);
    }

    [Fact]
    public void Map_WhatCantBeKept_IsCounted()
    {
        var samples = _mapping.Map(Exports.Metrics(
            new Metric { Name = "old", Summary = new() { DataPoints = { new SummaryDataPoint(), new SummaryDataPoint() } } },
            new Metric { Name = "broken", Gauge = new() { DataPoints = { new NumberDataPoint { AsDouble = double.NaN } } } }), out var rejected);

        Assert.Empty(samples);
        Assert.Equal(3, rejected);
    }

    private List<SeriesSample> Map(Metric metric)
    {
        var samples = _mapping.Map(Exports.Metrics(metric), out var rejected);
        _mapping.Keep();
        Assert.Equal(0, rejected);
        return samples;
    }

    private static Metric Counter(long value, double start, double time, int temporality) => new()
    {
        Name = "requests", Unit = "{request}",
        Sum = new()
        {
            IsMonotonic = true, AggregationTemporality = temporality,
            DataPoints = { new NumberDataPoint { AsInt = value, StartTimeUnixNano = Exports.Nanoseconds(start), TimeUnixNano = Exports.Nanoseconds(time) } },
        },
    };

    /// <summary>A change of one second, or what is at its end.</summary>
    private static Metric UpDown(long value, int temporality, int second) => new()
    {
        Name = "active",
        Sum = new()
        {
            AggregationTemporality = temporality,
            DataPoints = { new NumberDataPoint { AsInt = value, StartTimeUnixNano = Exports.Nanoseconds(second - 1), TimeUnixNano = Exports.Nanoseconds(second) } },
        },
    };

    private static Exemplar Exemplar(double value, byte trace) => new() { AsDouble = value, TraceId = ByteString.CopyFrom(new byte[15].Append(trace).ToArray()) };
}
