using System.Diagnostics;
using System.Diagnostics.Metrics;
using EdgeMesh.Sidecar.BuildingBlocks.PubSub;
using EdgeMesh.Sidecar.Components;

namespace EdgeMesh.Sidecar.Metrics;

/// <summary>What the sidecar of one app measures of brokers and stores, under the names of OpenTelemetry's semantic conventions. Their meter is
/// not that of daprd's names, which are all that the metrics port tells. It names the app as the hosts of a site are named, so that what
/// is exported for a service, or scraped from it, is its own. Topics are the apps' to choose: who listens bounds the series.</summary>
internal sealed class ConventionMetrics : IDisposable
{
    public const string MeterName = "EdgeMesh.Sidecar.Components";

    /// <summary>An app may have several brokers or stores of one kind.</summary>
    private const string Component = "edgemesh.component";

    private static readonly InstrumentAdvice<double> MessagingTimes = new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] };
    private static readonly InstrumentAdvice<double> StoreTimes = new() { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] };

    private readonly Meter _meter;
    private readonly Histogram<double> _sending;
    private readonly Counter<long> _sent;
    private readonly Histogram<double> _processing;
    private readonly Counter<long> _consumed;
    private readonly Histogram<double> _asking;

    public ConventionMetrics(string site, string appId)
    {
        _meter = new Meter(MeterName, version: null, [new("edgemesh.site", site), new("edgemesh.service", appId)]);
        _sending = _meter.CreateHistogram("messaging.client.operation.duration", "s", "Time that the broker took to own what was published.", tags: null, MessagingTimes);
        _sent = _meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Messages that the app published.");
        _processing = _meter.CreateHistogram("messaging.process.duration", "s", "Time that the app took for a delivery.", tags: null, MessagingTimes);
        _consumed = _meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}", "Messages that were delivered to the app.");
        _asking = _meter.CreateHistogram("db.client.operation.duration", "s", "Time that calls of stores took.", tags: null, StoreTimes);
    }

    /// <summary>Nobody is asking of stores: then nothing is to be measured.</summary>
    public bool IsIdleOfStores => !_asking.Enabled;

    public void Published(PubSubTarget target, Exception? failure, TimeSpan took)
    {
        if (_sent.Enabled || _sending.Enabled)
        {
            var labels = Publishing(target);
            Add(ref labels, failure);
            _sent.Add(1, labels);
            TimeSending(labels, took);
        }
    }

    /// <param name="target">Where.</param>
    /// <param name="failures">Of each message; null: the broker owns it.</param>
    /// <param name="took">All of them.</param>
    public void PublishedMany(PubSubTarget target, IReadOnlyList<Exception?> failures, TimeSpan took)
    {
        if (!_sent.Enabled && !_sending.Enabled)
        {
            return;
        }

        var (labels, lost) = (Publishing(target), failures.OfType<Exception>().ToArray());
        if (failures.Count > lost.Length)
        {
            _sent.Add(failures.Count - lost.Length, labels);
        }

        foreach (var failure in lost)
        {
            var own = labels;
            Add(ref own, failure);
            _sent.Add(1, own);
        }

        Add(ref labels, lost.FirstOrDefault());
        TimeSending(labels, took);
    }

    /// <summary>The labels of deliveries, which are the same for each of a subscription.</summary>
    public static TagList Processing(ComponentSpec broker, Subscription subscription, string group)
    {
        var labels = Messaging(broker, "process", subscription.Topic);
        labels.Add("messaging.consumer.group.name", group);
        return labels;
    }

    /// <param name="labels">The subscription's.</param>
    /// <param name="error">Null: the app took the message, or dropped it.</param>
    /// <param name="took">The app.</param>
    public void Delivered(in TagList labels, string? error, TimeSpan took)
    {
        Consume(labels, error, 1);
        TimeProcessing(labels, error, took);
    }

    /// <param name="labels">The subscription's.</param>
    /// <param name="count">How many messages.</param>
    /// <param name="error">Why they were not brought to the app.</param>
    /// <param name="took">The attempt.</param>
    public void GaveUpMany(in TagList labels, int count, string error, TimeSpan took)
    {
        Consume(labels, error, count);
        TimeProcessing(labels, error, took);
    }

    public void DeliveredMany(in TagList labels, IReadOnlyList<Verdict> verdicts, TimeSpan took)
    {
        if (!_consumed.Enabled && !_processing.Enabled)
        {
            return;
        }

        var again = verdicts.Count(v => v == Verdict.Retry);
        Consume(labels, null, verdicts.Count - again);
        Consume(labels, ErrorClass.Retry, again);
        TimeProcessing(labels, again > 0 ? ErrorClass.Retry : null, took);
    }

    /// <param name="component">The store's name.</param>
    /// <param name="store">What it is made by.</param>
    /// <param name="operation">As daprd names it.</param>
    /// <param name="failure">Null: it answered.</param>
    /// <param name="took">The call.</param>
    public void Asked(string component, string store, string operation, Exception? failure, TimeSpan took)
    {
        if (_asking.Enabled)
        {
            var labels = new TagList { { "db.system.name", store }, { "db.operation.name", operation }, { Component, component } };
            Add(ref labels, failure);
            _asking.Record(took.TotalSeconds, labels);
        }
    }

    public void Dispose() => _meter.Dispose();

    private static TagList Publishing(PubSubTarget target) => Messaging(target.Spec, "publish", target.Topic);

    private static TagList Messaging(ComponentSpec broker, string operation, string topic) =>
        new() { { "messaging.system", broker.Product }, { "messaging.operation.name", operation }, { "messaging.destination.name", topic }, { Component, broker.Name } };

    private static void Add(ref TagList labels, Exception? failure)
    {
        if (failure is not null)
        {
            labels.Add("error.type", ErrorClass.Of(failure));
        }
    }

    private static TagList With(in TagList labels, string error)
    {
        var more = labels;
        more.Add("error.type", error);
        return more;
    }

    private void TimeSending(TagList labels, TimeSpan took)
    {
        labels.Add("messaging.operation.type", "send");
        _sending.Record(took.TotalSeconds, labels);
    }

    private void Consume(in TagList labels, string? error, int count)
    {
        if (count > 0 && _consumed.Enabled)
        {
            _consumed.Add(count, error is null ? labels : With(labels, error));
        }
    }

    private void TimeProcessing(in TagList labels, string? error, TimeSpan took)
    {
        if (_processing.Enabled)
        {
            _processing.Record(took.TotalSeconds, error is null ? labels : With(labels, error));
        }
    }
}
