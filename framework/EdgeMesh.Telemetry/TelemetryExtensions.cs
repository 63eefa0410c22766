using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace EdgeMesh.Telemetry;

/// <summary>Logs for people and programs, traces and metrics by OpenTelemetry.</summary>
public static class TelemetryExtensions
{
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>One line a log entry (JSON when the output is no terminal), and OTLP export once <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is
    /// configured. Without it no provider is made, so a site that does not export pays nothing.</summary>
    public static WebApplicationBuilder AddEdgeMeshTelemetry(this WebApplicationBuilder builder, string site, string service)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddConsole(console => console.FormatterName = SiteConsoleFormatter.FormatterName);
        builder.Logging.AddConsoleFormatter<SiteConsoleFormatter, ConsoleFormatterOptions>();
        builder.Services.AddSingleton(new TelemetryIdentity(site, service));
        if (builder.Configuration[Endpoint] is { Length: > 0 })
        {
            builder.Services.AddOpenTelemetry()
                .ConfigureResource(r => r.AddService(service, serviceNamespace: "edgemesh").AddAttributes([new("site", site)]))
                .WithTracing(t => t.AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddSource("EdgeMesh.*").AddOtlpExporter())
                .WithMetrics(m => m.AddAspNetCoreInstrumentation().AddHttpClientInstrumentation().AddMeter("EdgeMesh.*").AddOtlpExporter());
        }

        return builder;
    }
}

/// <summary>Who writes a log line.</summary>
/// <param name="Site">The site.</param>
/// <param name="Service">The service.</param>
public sealed record TelemetryIdentity(string Site, string Service);
