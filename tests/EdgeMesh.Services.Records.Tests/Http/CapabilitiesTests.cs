using System.Text.Json.Nodes;

namespace EdgeMesh.Services.Records.Tests.Http;

public sealed class CapabilitiesTests(RecordsHost host)
{
    /// <summary>What a server answers that does not do what it was asked.</summary>
    private static readonly string[] NotServed = ["interaction-unsupported", "type-unknown", "parameter-unknown", "audit-search", "route-unknown", "entry-unsupported"];

    [Fact]
    public async Task Metadata_EveryDeclaredInteractionAndParameter_IsServed()
    {
        var asked = (await ResourcesAsync()).SelectMany(r => Interactions(r).Concat(Parameters(r, r["searchParam"]?.AsArray().Select(p => p!["name"]!.ToString()) ?? []))).ToList();

        Assert.True(asked.Count > 1000);
        foreach (var (request, code) in await AskAsync(asked))
        {
            Assert.False(NotServed.Contains(code), $"{request}: {code}");
        }
    }

    [Fact]
    public async Task Metadata_WhatIsNotDeclared_IsNotServed()
    {
        var resources = await ResourcesAsync();
        var undeclared = resources.SelectMany(r => Parameters(r, ((string[])["code", "patient", "name", "date", "_text"]).Except(r["searchParam"]!.AsArray().Select(p => p!["name"]!.ToString()))))
            .Concat([("GET", "AuditEvent/x"), ("GET", "AuditEvent/x/_history"), ("POST", "AuditEvent"), ("PUT", "AuditEvent/x"), ("DELETE", "AuditEvent/x"), ("GET", "Parameters?_id=x"), ("GET", "AuditEvent?patient=x&type=rest"), ("GET", "Observation/x/$everything")])
            .ToList();

        foreach (var (request, code) in await AskAsync(undeclared))
        {
            Assert.True(NotServed.Contains(code), $"{request}: {code}");
        }

        Assert.DoesNotContain(resources, r => r["type"]!.ToString() is "Bundle" or "Parameters" or "CapabilityStatement" or "OperationOutcome");
        var audit = resources.Single(r => r["type"]!.ToString() == "AuditEvent");
        Assert.Equal(["search-type"], audit["interaction"]!.AsArray().Select(i => i!["code"]!.ToString()));
    }

    [Fact]
    public async Task Metadata_Head_IsGetWithoutItsBody()
    {
        using var http = host.Http();
        using var head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "fhir/metadata"), TestContext.Current.CancellationToken);
        using var get = await http.GetAsync("fhir/metadata", TestContext.Current.CancellationToken);

        Assert.Equal((get.StatusCode, get.Content.Headers.ContentLength, get.Content.Headers.ContentType), (head.StatusCode, head.Content.Headers.ContentLength, head.Content.Headers.ContentType));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    private async Task<List<JsonNode>> ResourcesAsync() => [.. (await host.Client.GetAsync("fhir/metadata")).Json["rest"]![0]!["resource"]!.AsArray().Select(r => r!)];

    private static IEnumerable<(string Method, string Url)> Interactions(JsonNode resource)
    {
        var type = resource["type"]!.ToString();
        return resource["interaction"]!.AsArray().Select(i => i!["code"]!.ToString() switch
        {
            "read" => ("GET", $"{type}/x"),
            "vread" => ("GET", $"{type}/x/_history/1"),
            "history-instance" => ("GET", $"{type}/x/_history"),
            "create" => ("POST", type),
            "update" => ("PUT", $"{type}/x"),
            "delete" => ("DELETE", $"{type}/x"),
            "search-type" => ("GET", type == "AuditEvent" ? "AuditEvent?patient=x" : $"{type}?_count=0"),
            var other => throw new InvalidOperationException($"'{other}' is declared, and this test does not know how to ask for it."),
        }).Concat((resource["operation"]?.AsArray() ?? []).Select(o => ("GET", $"{type}/x/${o!["name"]}")));
    }

    private static IEnumerable<(string Method, string Url)> Parameters(JsonNode resource, IEnumerable<string> names) =>
        names.Select(name => ("GET", $"{resource["type"]}?{name}={(name is "date" or "_lastUpdated" ? "2024" : "x")}{(resource["type"]!.ToString() == "AuditEvent" ? "" : "&_count=0")}"));

    /// <summary>The code of each answer, asked as one batch.</summary>
    private async Task<List<(string Request, string? Code)>> AskAsync(IReadOnlyList<(string Method, string Url)> requests)
    {
        var batch = await host.As(RecordsHost.User("walker", "admin", "user/*.cruds")).PostAsync("fhir", Samples.Bundle("batch", [.. requests.Select(r => (r.Method, r.Url, (JsonNode?)null, (string?)null))]));
        Assert.Equal(200, batch.Status);
        return [.. batch.Entries.Zip(requests, (e, r) => ($"{r.Method} {r.Url}", e["response"]!["outcome"]?["issue"]?[0]?["details"]?["coding"]?[0]?["code"]?.ToString()))];
    }
}
