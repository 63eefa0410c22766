using System.Globalization;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace EdgeMesh.Telemetry;

/// <summary>OpenTelemetry's own settings, read from the host's configuration.</summary>
internal static class OtlpSettings
{
    private const int DefaultIntervalMilliseconds = 60_000;

    /// <param name="configuration">The host's.</param>
    /// <param name="signal"><c>traces</c> or <c>metrics</c>: over HTTP each has a path of its own below the endpoint.</param>
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
        new(new HostMetricExporter(Exporter(configuration, "metrics")), Number(configuration["OTEL_METRIC_EXPORT_INTERVAL"], DefaultIntervalMilliseconds));

    private static int Number(string? text, int fallback) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value > 0 ? value : fallback;
}
