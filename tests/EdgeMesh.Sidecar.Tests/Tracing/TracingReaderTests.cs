using EdgeMesh.Sidecar.Resources;
using EdgeMesh.Sidecar.Tracing;
using YamlDotNet.RepresentationModel;

namespace EdgeMesh.Sidecar.Tests.Tracing;

public sealed class TracingReaderTests
{
    private readonly List<string> _faults = [];

    [Theory]
    [InlineData("otel: { endpointAddress: 'collector:4317', protocol: grpc }", "https://collector:4317/")]
    [InlineData("otel: { endpointAddress: 'collector:4318', isSecure: false }", "http://collector:4318/v1/traces")]
    [InlineData("otel: { endpointAddress: 'http://collector:4318/other', protocol: http }", "http://collector:4318/other")]
    public void Read_Otel_IsAnAddress(string section, string expected) => Assert.Equal(new Uri(expected), Read(section)?.Otlp?.Endpoint);

    [Fact]
    public void Read_AnExporterWithoutARate_HasDaprsRate() => Assert.Equal(0.0001, Read("stdout: true")?.SamplingRate);

    [Theory]
    [InlineData("stdout: false")]
    [InlineData("samplingRate: '0', stdout: true")]
    public void Read_NothingThatTraces_IsNothing(string section) => Assert.Null(Read(section));

    [Theory]
    [InlineData("samplingRate: '2'", "'samplingRate' must be a number from 0 to 1")]
    [InlineData("zipkin: { endpointAddress: 'localhost' }", "'endpointAddress' must be an address such as http://localhost:9411/api/v2/spans")]
    [InlineData("zipkin: { address: x }", "'address' is not known here")]
    [InlineData("otel: { endpointAddress: 'a:1', protocol: pigeon }", "'protocol' must be http or grpc")]
    [InlineData("otel: { endpointAddress: 'a:1', timeout: soon }", "'timeout' must be a duration")]
    [InlineData("otel: { endpointAddress: 'a:1', headers: [none] }", "must be NAME=VALUE")]
    [InlineData("otel: { endpointAddress: '///' }", "'endpointAddress' must be a host and a port")]
    [InlineData("jaeger: {}", "'jaeger' is not known here")]
    public void Read_WhatCannotBe_IsAFaultByName(string section, string expected)
    {
        Read(section);
        Assert.Contains(expected, Assert.Single(_faults), StringComparison.Ordinal);
    }

    private TracingSetting? Read(string section)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader($"{{ {section} }}"));
        return TracingReader.Read(new YamlReader("config.yaml", _faults), (YamlMappingNode)stream.Documents[0].RootNode);
    }
}
