using System.Text.Json;
using EdgeMesh.Services.Monitor.Console.Consents;

namespace EdgeMesh.Services.Monitor.Tests.Console.Consents;

public sealed class AccessRowTests
{
    [Fact]
    public void ReadAll_ABundle_SaysWhoWhatWhyAndByWhichRule()
    {
        var row = Assert.Single(AccessRow.ReadAll(JsonSerializer.Deserialize<JsonElement>("""
            { "resourceType": "Bundle", "entry": [ { "resource": { "resourceType": "Patient" } }, { "resource": {
                "resourceType": "AuditEvent", "recorded": "2026-11-26T10:00:00.000Z", "outcomeDesc": "Denied",
                "subtype": [ { "code": "read" } ], "purposeOfEvent": [ { "coding": [ { "code": "TREAT" } ] } ], "source": { "site": "clinic-a" },
                "agent": [ { "requestor": false, "who": { "identifier": { "value": "clinic-b" } } }, { "requestor": true, "who": { "identifier": { "value": "dr-who" } }, "role": [ { "text": "practitioner" } ] } ],
                "entity": [ { "detail": [ { "type": "denied", "valueString": "Consent/1/_history/2#provision" }, { "type": "other", "valueString": "x" } ] } ] } } ] }
            """)));

        Assert.Equal(("2026-11-26T10:00:00.000Z", "dr-who", "practitioner", "clinic-a", "read", "TREAT", "Denied", true),
            (row.Recorded, row.Who, row.Roles, row.Site, row.What, row.Purpose, row.Outcome, row.IsDenied));
        Assert.Equal([("deny", "Consent/1/_history/2#provision")], row.Rules);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{}")]
    [InlineData("""{ "entry": 5 }""")]
    [InlineData("""{ "entry": [ 1, { "resource": [] }, {} ] }""")]
    public void ReadAll_WhatIsNoBundle_IsEmpty(string json) => Assert.Empty(AccessRow.ReadAll(JsonSerializer.Deserialize<JsonElement>(json)));

    [Fact]
    public void ReadAll_AnEventWithNothingInIt_IsARowAllTheSame() =>
        Assert.Equal("", Assert.Single(AccessRow.ReadAll(JsonSerializer.Deserialize<JsonElement>("""{ "entry": [ { "resource": { "resourceType": "AuditEvent" } } ] }"""))).Who);
}
