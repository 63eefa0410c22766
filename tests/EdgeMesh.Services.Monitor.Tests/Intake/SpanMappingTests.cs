using EdgeMesh.Services.Monitor.Intake.Mapping;
using EdgeMesh.Services.Monitor.Intake.Protos;

namespace EdgeMesh.Services.Monitor.Tests.Intake;

public sealed class SpanMappingTests
{
    [Theory]
    [InlineData("url.full")]
    [InlineData("http.url")]
    public void Map_AnAddressWithAQuery_KeepsThePathAlone(string attribute)
    {
        var span = Exports.Span("GET /fhir/Patient");
        span.Attributes.Add(Text(attribute, "http://records/fhir/Patient?family=Canary"));
        span.Attributes.Add(Text("url.query", "family=Canary"));

        var row = Assert.Single(new SpanMapping("clinic-a").Map(Exports.Traces(span), out _));

        Assert.Equal("http://records/fhir/Patient", row.Attributes["url.full"]);
        Assert.DoesNotContain(row.Attributes, f => f.Value.Contains("Canary", StringComparison.Ordinal));
    }

    private static KeyValue Text(string key, string value) => new() { Key = key, Value = new AnyValue { StringValue = value } };
}
