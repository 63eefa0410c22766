using System.Net.Http.Headers;
using System.Text;
using EdgeMesh.MeshTests.Processes;

namespace EdgeMesh.MeshTests.Telemetry;

/// <summary>What people do with a patient's record, with values in it that nothing else has: wherever they are seen afterwards, the record has leaked.</summary>
internal sealed class CanaryStory(RunningMesh mesh, string site, int gatewayPort)
{
    /// <summary>In names, identifiers, searches, headers, errors, consents, reasons, and calls of functions.</summary>
    public const string Canary = "Canarybird";

    private const string Fhir = "application/fhir+json";

    /// <summary>Of all that people do. It is recorded, whatever share of new traces is.</summary>
    public const string Trace = "0af7651916cd43dd8448eb211c80319c";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The whole story at the site.</summary>
    /// <param name="other">Another site's name and door, where the record is read too; null: there is none.</param>
    /// <returns>The patient's id, which is a canary too.</returns>
    public async Task<string> TellAsync((string Site, int Port)? other = null)
    {
        using var client = await mesh.PractitionerAsync("dr-ada", site, gatewayPort);
        client.DefaultRequestHeaders.TryAddWithoutValidation("traceparent", $"00-{Trace}-b7ad6b7169203331-01");
        var id = await RegisterAsync(client);
        await ReadAsync(client, id);
        await SearchAsync(client);
        await ChangeAsync(client, id);
        await FailAsync(client, id);
        await new CanarySharing(mesh, site, gatewayPort).TellAsync(client, id, other);
        await CallFunctionsAsync(client);
        return id;
    }

    /// <summary>Says where in a text one of them stands.</summary>
    public static void AssertNone(string text, params string[] canaries) =>
        Assert.All(canaries, canary => Assert.DoesNotContain(canary, text, StringComparison.OrdinalIgnoreCase));

    /// <param name="client">Whose.</param>
    /// <param name="method">The method.</param>
    /// <param name="path">The path, with its query.</param>
    /// <param name="status">What it must answer; null: anything but that it is away.</param>
    /// <param name="body">Null: none.</param>
    /// <param name="headers">Headers beside the usual.</param>
    public static async Task<HttpResponseMessage> SendAsync(HttpClient client, HttpMethod method, string path, int? status, string? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue(Fhir)) };
        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var answer = await client.SendAsync(request, Cancellation);
        Assert.True(status is null || (int)answer.StatusCode == status, $"{method} {path} answers {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Cancellation)}");
        return answer;
    }

    private static async Task<string> RegisterAsync(HttpClient client)
    {
        using var created = await SendAsync(client, HttpMethod.Post, "/fhir/Patient", 201, $$$"""
            {"resourceType":"Patient","identifier":[{"system":"urn:mrn","value":"{{{Canary}}}-1"}],"name":[{"family":"{{{Canary}}}","given":["{{{Canary}}}a"]}],"birthDate":"1977-07-07"}
            """);
        return created.Headers.Location!.ToString().Split("/Patient/")[1].Split('/')[0];
    }

    private static async Task ReadAsync(HttpClient client, string id)
    {
        foreach (var path in (string[])["", "/_history", "/_history/none", "/$everything"])
        {
            (await SendAsync(client, HttpMethod.Get, $"/fhir/Patient/{id}{path}", null)).Dispose();
        }

        (await SendAsync(client, HttpMethod.Get, $"/fhir/Observation?subject=Patient/{id}", 200)).Dispose();
        (await SendAsync(client, HttpMethod.Get, $"/functions/gossip/{id}", null)).Dispose();
    }

    private static async Task SearchAsync(HttpClient client)
    {
        (await SendAsync(client, HttpMethod.Get, $"/fhir/Patient?name={Canary}&identifier=urn:mrn|{Canary}-1", 200)).Dispose();
        (await SendAsync(client, HttpMethod.Get, $"/fhir/Observation?patient.name={Canary}&_include=Observation:subject", null)).Dispose();
        using var form = new FormUrlEncodedContent([new("name", Canary), new("identifier", $"urn:mrn|{Canary}-1")]);
        using var posted = await client.PostAsync("/fhir/Patient/_search", form, Cancellation);
        Assert.True(posted.IsSuccessStatusCode, await posted.Content.ReadAsStringAsync(Cancellation));
    }

    private static async Task ChangeAsync(HttpClient client, string id)
    {
        (await SendAsync(client, HttpMethod.Post, "/fhir/Patient", 200, $$"""{"resourceType":"Patient","name":[{"family":"{{Canary}}"}]}""", ("If-None-Exist", $"identifier=urn:mrn|{Canary}-1"))).Dispose();
        (await SendAsync(client, HttpMethod.Put, $"/fhir/Patient/{id}", 412, $$"""{"resourceType":"Patient","id":"{{id}}","name":[{"family":"{{Canary}}c"}]}""", ("If-Match", "W/\"7\""))).Dispose();
        (await SendAsync(client, HttpMethod.Post, "/fhir", null, $$$"""
            {"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Observation","status":"final","code":{"text":"{{{Canary}}}"},"subject":{"reference":"Patient?identifier=urn:mrn|{{{Canary}}}-404"}},"request":{"method":"POST","url":"Observation"}}]}
            """)).Dispose();
    }

    private static async Task FailAsync(HttpClient client, string id)
    {
        (await SendAsync(client, HttpMethod.Post, "/fhir/Patient", null, $$"""{"resourceType":"Patient","gender":"{{Canary}}"}""")).Dispose();
        (await SendAsync(client, HttpMethod.Post, "/fhir/Patient", null, $$"""{"resourceType":"Patient","name":[{"family":"{{Canary}}" """)).Dispose();
        (await SendAsync(client, HttpMethod.Get, $"/fhir/Patient/{id}?{Canary}={Canary}", null)).Dispose();
        (await SendAsync(client, HttpMethod.Get, $"/fhir/Patient?_sort={Canary}&_count={Canary}", null)).Dispose();
        (await SendAsync(client, HttpMethod.Get, $"/nowhere?name={Canary}", 404)).Dispose();
    }

    /// <summary>One that answers, and one that fails; both write what they get to their log.</summary>
    private async Task CallFunctionsAsync(HttpClient client)
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-canary-").FullName;
        try
        {
            foreach (var (name, fails) in new[] { ("gossip", false), ("blab", true) })
            {
                await File.WriteAllTextAsync(Path.Combine(folder, "function.yaml"), $"name: {name}\nversion: 1.0.0\nmodule: m.wasm\ntriggers:\n  - http: {{ method: POST, path: /tell, open: true }}\n", Cancellation);
                await File.WriteAllBytesAsync(Path.Combine(folder, "m.wasm"), GossipModule.Of(fails), Cancellation);
                var deployed = await mesh.RunAsync("function", "deploy", folder, "--site", site);
                Assert.True(deployed.ExitCode == 0, deployed.ToString());
                await CallAsync(client, name, fails);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Until the site runs it.</summary>
    private static async Task CallAsync(HttpClient client, string function, bool fails)
    {
        for (var tries = 0; ; tries++)
        {
            using var answer = await SendAsync(client, HttpMethod.Post, $"/functions/{function}/tell?patient={Canary}", null, Canary);
            if (fails ? (int)answer.StatusCode >= 500 && tries > 0 && answer.StatusCode != System.Net.HttpStatusCode.ServiceUnavailable : answer.IsSuccessStatusCode)
            {
                Assert.True(fails || (await answer.Content.ReadAsStringAsync(Cancellation)).Contains(Canary, StringComparison.Ordinal));
                return;
            }

            Assert.True(tries < 200, $"{function} answers {answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Cancellation)}");
            await Task.Delay(100, Cancellation);
        }
    }
}
