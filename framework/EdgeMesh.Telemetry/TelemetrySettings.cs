using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace EdgeMesh.Telemetry;

/// <summary>The settings of logs and export: <c>EdgeMesh:Logs</c> (<c>auto</c>, <c>json</c>, <c>text</c>) and OpenTelemetry's own,
/// first of all <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>, with <c>EdgeMesh:Export:TracesPerSecond</c> and <c>EdgeMesh:Export:AfterSeconds</c>; and of shipping logs: <c>EdgeMesh:LogShipping</c>, whose <c>Url</c> switches it on.</summary>
public static class TelemetrySettings
{
    /// <summary>The folder in which logs wait to be shipped. Hosts of one process that name one folder share it.</summary>
    public const string SpoolFolder = LogShippingSettings.Section + ":Folder";

    internal const string Form = "EdgeMesh:Logs";
    internal const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    /// <summary>What is wrong with them, each with its key and what to do.</summary>
    public static IEnumerable<string> Faults(IConfiguration configuration)
    {
        if (configuration[Form] is not (null or "" or "auto" or "json" or "text"))
        {
            yield return $"{Form} is '{configuration[Form]}': give auto, json or text.";
        }

        if (configuration[Endpoint] is { Length: > 0 } endpoint
            && (!Uri.TryCreate(endpoint, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https")))
        {
            yield return $"{Endpoint} is '{endpoint}': give a collector's address, such as http://127.0.0.1:4317.";
        }

        foreach (var key in (string[])[OtlpSettings.TracesPerSecond, OtlpSettings.AfterSeconds])
        {
            if (configuration[key] is { Length: > 0 } text && !(int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 0 and <= 1_000_000))
            {
                yield return $"{key} is '{text}': give a whole number from 0 to 1000000.";
            }
        }

        foreach (var fault in LogShippingSettings.Faults(configuration))
        {
            yield return fault;
        }
    }
}
