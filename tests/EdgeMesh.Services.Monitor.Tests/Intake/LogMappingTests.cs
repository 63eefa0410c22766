using EdgeMesh.Services.Monitor.Intake.Mapping;
using EdgeMesh.Services.Monitor.Intake.Protos;
using EdgeMesh.Services.Monitor.Store;

namespace EdgeMesh.Services.Monitor.Tests.Intake;

public sealed class LogMappingTests
{
    private const string Id = "clinic-a-2k7h5m1v9c3x8z0q4w6e";

    [Fact]
    public void Map_WhatAWebServerLogsOfARequest_KeepsNothingOfTheRecordInFieldsAndMessage()
    {
        var line = Map(
            $"Request starting HTTP/1.1 GET http://records/fhir/Patient/{Id}?family=Canary", ("Method", "GET"), ("Path", $"/fhir/Patient/{Id}"), ("QueryString", "?family=Canary"), ("RequestPath", $"/fhir/Patient/{Id}"));

        Assert.Equal("Request starting HTTP/1.1 GET http://records/fhir/Patient/{id}", line.Message);
        Assert.Equal(("/fhir/Patient/{id}", "/fhir/Patient/{id}"), (line.Fields["Path"], line.Fields["RequestPath"]));
        Assert.DoesNotContain("QueryString", line.Fields.Keys);
    }

    [Fact]
    public void Map_APathThatIsAFiles_Stays()
    {
        var line = Map("/var/lib/edgemesh/7/marker can't be written", ("Path", "/var/lib/edgemesh/7/marker"));

        Assert.Equal(("/var/lib/edgemesh/7/marker can't be written", "/var/lib/edgemesh/7/marker"), (line.Message, line.Fields["Path"]));
    }

    private static LogLine Map(string message, params (string Name, string Value)[] fields)
    {
        KeyValue[] pairs = [.. fields.Select(f => Exports.Pair(f.Name, f.Value))];
        return Assert.Single(new LogMapping("clinic-a", TimeProvider.System).Map(Exports.Logs(Exports.Record(message, attributes: pairs))));
    }
}
