using System.Globalization;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace EdgeMesh.Telemetry;

/// <summary>OpenTelemetry's own settings, read from the host's configuration.</summary>
internal static class OtlpSettings
{
    /// <summary>New traces a second; without it all are taken.</summary>
    public const string TracesPerSecond = "EdgeMesh:Export:TracesPerSecond";

    /// <summary>Seconds after the start of a host at which export begins, so that it takes no time from the start.</summary>
    public const string AfterSeconds = "EdgeMesh:Export:AfterSeconds";

    private const int DefaultIntervalMilliseconds = 60_000;
    private const int DefaultDelayMilliseconds = 5_000;

    /// <param name="configuration">The host's.</param>
    /// <param name="signal"><c>traces</c>, <c>metrics</c> or <c>logs</c>: over HTTP each has a path of its own below the endpoint.</param>
    public static OtlpExporterOptions Exporter(IConfiguration configuration, string signal)
    {
        var endpoint = configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]!;
        var overHttp = configuration["OTEL_EXPORTER_OTLP_PROTOCOL"] == "http/protobuf";
        var options = new OtlpExporterOptions
        {
            Protocol = overHttp ? OtlpExportProtocol.HttpProtobuf : OtlpExportProtocol.Grpc,
            Endpoint = new Uri(overHttp ? $"{endpoint.TrimEnd('/')}/v1/{signal}" : endpoint),
            TimeoutMilliseconds = Number(configuration["OTEL_EXPORTER_OTLP_TIMEOUT"], 10_000),
        };
        if (configuration["OTEL_EXPORTER_OTLP_HEADERS"] is { Length: > 0 } headers)
        {
            options.Headers = headers;
        }

        return options;
    }

    public static PeriodicExportingMetricReader Reader(IConfiguration configuration) =>
        new(new HostMetricExporter(Exporter(configuration, "metrics")), Number(configuration["OTEL_METRIC_EXPORT_INTERVAL"], DefaultIntervalMilliseconds))
        {
            TemporalityPreference = configuration["OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE"] == "delta" ? MetricReaderTemporalityPreference.Delta : MetricReaderTemporalityPreference.Cumulative,
        };

    /// <summary>What a caller decided holds for the whole trace.</summary>
    public static Sampler Sampler(IConfiguration configuration) => Number(configuration[TracesPerSecond], 0) is > 0 and var rate
        ? new ParentBasedSampler(new RateSampler(rate, TimeProvider.System))
        : new ParentBasedSampler(new AlwaysOnSampler());

    public static int SpanDelay(IConfiguration configuration) => Number(configuration["OTEL_BSP_SCHEDULE_DELAY"], DefaultDelayMilliseconds);

    public static int LogDelay(IConfiguration configuration) => Number(configuration["OTEL_BLRP_SCHEDULE_DELAY"], DefaultDelayMilliseconds);

    public static TimeSpan After(IConfiguration configuration) => TimeSpan.FromSeconds(Number(configuration[AfterSeconds], 0));

    private static int Number(string? text, int fallback) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0 ? value : fallback;
}
