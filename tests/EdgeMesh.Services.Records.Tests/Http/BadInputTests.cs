using System.Net.Sockets;
using System.Text;
using EdgeMesh.Hosting;

namespace EdgeMesh.Services.Records.Tests.Http;

public sealed class BadInputTests(RecordsHost host) : IClassFixture<RecordsHost>
{
    [Theory]
    [InlineData("", "body-missing")]
    [InlineData("hello", "json-malformed")]
    [InlineData("[]", "not-fhir")]
    [InlineData("\"text\"", "not-fhir")]
    [InlineData("{\"a\":1}", null)]
    [InlineData("{\"resourceType\":\"Nope\"}", null)]
    [InlineData("{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"x\"}", "json-truncated")]
    [InlineData("{\"resourceType\":\"Patient\",\"name\":[{\"fam", "json-truncated")]
    [InlineData("{\"resourceType\":\"Patient\",\"active\":true} {}", "json-malformed")]
    [InlineData("{\"resourceType\":\"Patient\",\"colour\":\"red\"}", "pval128")]
    [InlineData("{\"resourceType\":\"Patient\",\"birthDate\":\"2020-13-40\"}", "pval124")]
    [InlineData("{\"resourceType\":\"Patient\",\"id\":\"../x\",\"active\":true}", "pval124")]
    [InlineData("{\"resourceType\":\"Patient\",\"name\":{\"family\":\"x\"}}", "pval127")]
    [InlineData("{\"resourceType\":\"Patient\",\"active\":{\"a\":{\"b\":[[1]]}}}", null)]
    [InlineData("{\"resourceType\":\"Patient\",\"contained\":[3]}", null)]
    [InlineData("{\"resourceType\":3}", null)]
    [InlineData("{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"x\"}}", "type-mismatch")]
    public async Task Create_WhatIsNoPatient_Is400(string body, string? code)
    {
        var before = (await host.Client.GetAsync("fhir/Patient?_count=0")).Total;

        var answer = await host.Client.SendAsync(HttpMethod.Post, "fhir/Patient", body, []);

        Assert.Equal((400, "OperationOutcome"), (answer.Status, answer.Json["resourceType"]!.ToString()));
        Assert.True(code is null || answer.Code == code, answer.Text);
        Assert.Equal(before, (await host.Client.GetAsync("fhir/Patient?_count=0")).Total);
    }

    [Theory]
    [InlineData("fhir/Patient/..%2F..%2Fetc", 400)]
    [InlineData("fhir/Patient/a_b", 400)]
    [InlineData("fhir/Patient/%2e%2e", 404)]
    [InlineData("fhir/Patient/aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffffggggg", 400)]
    [InlineData("fhir/Patient/x/_history/..%2F1", 400)]
    [InlineData("fhir/Patient/x/$unknown", 404)]
    [InlineData("fhir/Nope?name=x", 404)]
    [InlineData("fhir/_history", 404)]
    [InlineData("fhir/Patient/x/y/z/w", 404)]
    public async Task Get_BadAddress_IsAnOperationOutcome(string path, int status)
    {
        var answer = await host.Client.GetAsync(path);

        Assert.Equal((status, "OperationOutcome"), (answer.Status, answer.Json["resourceType"]!.ToString()));
    }

    [Fact]
    public async Task Methods_ThatAreNotServed_Are405()
    {
        Assert.Equal(405, (await host.Client.SendAsync(HttpMethod.Patch, "fhir/Patient/x", "{}", [])).Status);
        Assert.Equal(405, (await host.Client.DeleteAsync("fhir/Patient?name=x")).Status);
        Assert.Equal(405, (await host.Client.PutAsync("fhir/Patient?identifier=x", Samples.Patient())).Status);
    }

    [Fact]
    public async Task Update_IdsThatDiffer_Is400()
    {
        var created = await host.Client.PostAsync("fhir/Patient", Samples.Patient());

        Assert.Equal("id-mismatch", (await host.Client.PutAsync("fhir/Patient/clinic-a-other", created.Json)).Code);
    }

    [Fact]
    public async Task Body_OfAHundredMegabytes_Is413()
    {
        var body = new string(' ', 100 << 20);

        var answer = await host.Client.SendAsync(HttpMethod.Post, "fhir/Patient", body, [("Expect", "100-continue")]);

        Assert.Equal((413, "body-too-large"), (answer.Status, answer.Code));
    }

    [Fact]
    public async Task Body_CutOffHalfway_WritesNothing()
    {
        var token = await host.TokenAsync(RecordsHost.Practitioner);
        using var http = host.Http();
        using var socket = new TcpClient(AddressFamily.InterNetwork);
        await socket.ConnectAsync(http.BaseAddress!.Host, http.BaseAddress.Port, TestContext.Current.CancellationToken);
        var body = Samples.Patient(identifier: "cut-off").ToJsonString();
        var head = $"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\n{CallerTokens.Header}: {token}\r\ndapr-api-token: {http.DefaultRequestHeaders.GetValues("dapr-api-token").Single()}\r\nContent-Type: application/fhir+json\r\nContent-Length: {body.Length}\r\n\r\n";
        await socket.GetStream().WriteAsync(Encoding.UTF8.GetBytes(head + body[..(body.Length / 2)]), TestContext.Current.CancellationToken);
        socket.Close();

        Assert.Equal(0, (await host.Client.GetAsync("fhir/Patient?identifier=cut-off")).Total);
    }

    [Fact]
    public async Task Xml_IsRefusedHonestly()
    {
        Assert.Equal((406, "format-unsupported"), ((await host.Client.GetAsync("fhir/Patient", ("Accept", "application/fhir+xml"))) is var asked ? asked.Status : 0, asked.Code));
        Assert.Equal(406, (await host.Client.GetAsync("fhir/Patient?_format=xml")).Status);
        Assert.Equal(200, (await host.Client.GetAsync("fhir/Patient?_format=json", ("Accept", "text/html"))).Status);
        Assert.Equal(200, (await host.Client.GetAsync("fhir/Patient", ("Accept", "application/fhir+xml;q=0.5, application/fhir+json;fhirVersion=4.0"))).Status);
        var sent = await host.Client.SendAsync(HttpMethod.Post, "fhir/Patient", "<Patient xmlns=\"http://hl7.org/fhir\"/>", [], "application/fhir+xml");
        Assert.Equal((415, "media-type-unsupported"), (sent.Status, sent.Code));
    }

    [Fact]
    public async Task Request_WithoutCaller_Is401AndMetadataIsPublic()
    {
        using var http = host.Http();

        var answer = await http.GetAsync("fhir/Patient", TestContext.Current.CancellationToken);
        Assert.Equal(401, (int)answer.StatusCode);
        Assert.Contains("caller-missing", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(200, (int)(await http.GetAsync("fhir/metadata", TestContext.Current.CancellationToken)).StatusCode);
    }
}
