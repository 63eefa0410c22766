using EdgeMesh.Services.Monitor.Intake.Mapping;

namespace EdgeMesh.Services.Monitor.Tests.Intake;

public sealed class SpanMappingTests
{
    private const string Id = "clinic-a-2k7h5m1v9c3x8z0q4w6e";

    [Theory]
    [InlineData("url.full")]
    [InlineData("http.url")]
    public void Map_AnAddressOfARecord_KeepsNeitherItsIdNorTheQuery(string attribute)
    {
        var span = Exports.Span("GET /fhir/Patient");
        span.Attributes.Add(Exports.Pair(attribute, $"http://records/fhir/Patient/{Id}?family=Canary"));
        span.Attributes.Add(Exports.Pair("url.query", "family=Canary"));

        var row = Assert.Single(new SpanMapping("clinic-a").Map(Exports.Traces(span), out _));

        Assert.Equal("http://records/fhir/Patient/{id}", row.Attributes["url.full"]);
        Assert.DoesNotContain(row.Attributes, f => f.Value.Contains("Canary", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("GET", "http://127.0.0.1:7110/mesh/clinic-b/feed", "GET /mesh/clinic-b/feed")]
    [InlineData("GET", "http://127.0.0.1:7110/fhir/Patient/canary?x", "GET /fhir/Patient/{id}")]
    [InlineData("GET /feed", "http://127.0.0.1:7110/mesh/clinic-b/feed", "GET /feed")]
    [InlineData("GET", "nowhere", "GET")]
    public void Map_ACallThatIsNamedByItsMethodAlone_IsNamedByItsPathToo(string name, string address, string expected)
    {
        var span = Exports.Span(name);
        span.Attributes.Add(Exports.Pair("http.request.method", "GET"));
        span.Attributes.Add(Exports.Pair("url.full", address));

        Assert.Equal(expected, Assert.Single(new SpanMapping("clinic-a").Map(Exports.Traces(span), out _)).Name);
    }

    [Fact]
    public void Map_ACallByGrpc_IsNamedByItsMethod()
    {
        var span = Exports.Span("Grpc.Net.Client.GrpcOut");
        span.Attributes.Add(Exports.Pair("grpc.method", "/dapr.proto.runtime.v1.Dapr/GetState"));

        Assert.Equal("/dapr.proto.runtime.v1.Dapr/GetState", Assert.Single(new SpanMapping("clinic-a").Map(Exports.Traces(span), out _)).Name);
    }

    [Fact]
    public void Map_WhatASidecarTellsOfAnInvocation_KeepsNothingOfTheRecord()
    {
        var span = Exports.Span($"CallLocal/records/fhir/Patient/{Id}/_history");
        span.Attributes.Add(Exports.Pair("dapr.invoke_method", $"fhir/Patient/{Id}/_history"));
        span.Attributes.Add(Exports.Pair("dapr.api", $"GET /v1.0/invoke/records/method/fhir/Patient/{Id}/_history"));

        var row = Assert.Single(new SpanMapping("clinic-a").Map(Exports.Traces(span), out _));

        Assert.Equal(("CallLocal/records/fhir/Patient/{id}/_history", "fhir/Patient/{id}/_history"), (row.Name, row.Attributes["dapr.invoke_method"]));
        Assert.Equal("GET /v1.0/invoke/records/method/fhir/Patient/{id}/_history", row.Attributes["dapr.api"]);
    }

    [Fact]
    public void Map_ARouteThatIsKnown_StandsForThePath()
    {
        var span = Exports.Span("GET /customers/{name}");
        span.Attributes.Add(Exports.Pair("http.route", "/customers/{name}"));
        span.Attributes.Add(Exports.Pair("url.path", "/customers/canary"));

        var row = Assert.Single(new SpanMapping("clinic-a").Map(Exports.Traces(span), out _));

        Assert.Equal(("GET /customers/{name}", "/customers/{name}"), (row.Name, row.Attributes["url.path"]));
    }
}
