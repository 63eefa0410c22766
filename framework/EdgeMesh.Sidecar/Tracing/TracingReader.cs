using System.Globalization;
using EdgeMesh.Sidecar.Components;
using EdgeMesh.Sidecar.Resources;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Sidecar.Tracing;

/// <summary>Reads a Configuration's <c>tracing</c>.</summary>
internal static class TracingReader
{
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    /// <returns>Null: requests are not traced.</returns>
    public static TracingSetting? Read(YamlReader yaml, YamlMappingNode section)
    {
        yaml.OnlyKeys(section, "samplingRate", "stdout", "otel", "zipkin");
        var setting = new TracingSetting(Rate(yaml, section) ?? TracingSetting.DefaultRate)
        {
            ToLog = yaml.Text(section, "stdout") == "true",
            Zipkin = yaml.Mapping(section, "zipkin") is { } zipkin ? Zipkin(yaml, zipkin) : null,
            Otlp = yaml.Mapping(section, "otel") is { } otel ? Otlp(yaml, otel) : null,
        };

        // As with daprd a rate of 0 switches tracing off, whatever callers decide.
        return setting.SamplingRate > 0 && (setting.IsExported || YamlReader.Find(section, "samplingRate") is not null) ? setting : null;
    }

    private static double? Rate(YamlReader yaml, YamlMappingNode section)
    {
        if (yaml.Text(section, "samplingRate") is not { Length: > 0 } text)
        {
            return null;
        }

        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate) && rate <= 1)
        {
            return rate;
        }

        yaml.Fault(section, $"'samplingRate' must be a number from 0 to 1, and is '{text}'.");
        return null;
    }

    private static Uri? Zipkin(YamlReader yaml, YamlMappingNode section)
    {
        yaml.OnlyKeys(section, "endpointAddress");
        if (yaml.Text(section, "endpointAddress") is not { Length: > 0 } text)
        {
            return null;
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https")
        {
            return address;
        }

        yaml.Fault(section, $"'endpointAddress' must be an address such as http://localhost:9411/api/v2/spans, and is '{text}'.");
        return null;
    }

    private static OtlpSetting? Otlp(YamlReader yaml, YamlMappingNode section)
    {
        yaml.OnlyKeys(section, "endpointAddress", "protocol", "isSecure", "headers", "timeout");
        if (yaml.Text(section, "endpointAddress") is not { Length: > 0 } text)
        {
            return null;
        }

        var protocol = yaml.Text(section, "protocol") is { Length: > 0 } given ? given : "http";
        if (protocol is not ("http" or "grpc"))
        {
            yaml.Fault(section, $"'protocol' must be http or grpc, and is '{protocol}'.");
        }

        var timeout = DefaultTimeout;
        if (yaml.Text(section, "timeout") is { Length: > 0 } limit && (!GoDuration.TryParse(limit, out timeout) || timeout <= TimeSpan.Zero || timeout > TimeSpan.FromMinutes(10)))
        {
            yaml.Fault(section, $"'timeout' must be a duration of 10m or less such as 5s, and is '{limit}'.");
        }

        // As daprd, with TLS unless it is told otherwise.
        var scheme = yaml.Text(section, "isSecure") == "false" ? "http" : "https";
        if (!Uri.TryCreate(text.Contains("://", StringComparison.Ordinal) ? text : $"{scheme}://{text}", UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            yaml.Fault(section, $"'endpointAddress' must be a host and a port such as localhost:4317, and is '{text}'.");
            return null;
        }

        var endpoint = protocol == "http" && address.AbsolutePath == "/" ? new Uri(address, "/v1/traces") : address;
        return new OtlpSetting(endpoint, protocol == "grpc", [.. yaml.Sequence(section, "headers").Select(h => Header(yaml, h)).OfType<(string, string)>()], timeout);
    }

    private static (string Name, string Value)? Header(YamlReader yaml, YamlNode node)
    {
        if (node is YamlScalarNode { Value: { } text } && text.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals)
        {
            return (text[..equals].Trim(), text[(equals + 1)..].Trim());
        }

        yaml.Fault(node, "a header of 'headers' must be NAME=VALUE.");
        return null;
    }
}
