using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using EdgeMesh.MeshTests.Processes;

namespace EdgeMesh.MeshTests.Telemetry;

/// <summary>The part of the story in which a patient lets another clinic in and out again, and asks who was there.</summary>
internal sealed class CanarySharing(RunningMesh mesh, string site, int gatewayPort)
{
    private const string Canary = CanaryStory.Canary;
    private const string Receipt = "X-EdgeMesh-Receipt";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="practitioner">Of the site.</param>
    /// <param name="id">The patient's.</param>
    /// <param name="other">Another site's name and door; null: there is none, and nobody comes.</param>
    public async Task TellAsync(HttpClient practitioner, string id, (string Site, int Port)? other)
    {
        using var patient = await AsAsync(site, gatewayPort, "--role", "patient", "--patient", id);
        using var permitted = await CanaryStory.SendAsync(patient, HttpMethod.Post, "/fhir/Consent", 201, Consent(id, "active"));
        if (other is { } elsewhere)
        {
            await ReadElsewhereAsync(patient, elsewhere, id, permitted);
        }
        else
        {
            await WithdrawAsync(patient, id, permitted);
        }

        await AskInEmergencyAsync(other ?? (site, gatewayPort), id);
        // Whether the site serves it or says that it does not.
        (await CanaryStory.SendAsync(practitioner, HttpMethod.Post, "/fhir/Patient/$match", null, $$$"""
            {"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient","id":"{{{id}}}","name":[{"family":"{{{Canary}}}"}],"birthDate":"1977-07-07"}},{"name":"count","valueInteger":3}]}
            """)).Dispose();
        using var read = await CanaryStory.SendAsync(practitioner, HttpMethod.Get, $"/fhir/Patient/{id}", 200);
        await ReportAsync(patient, id, read.Headers.GetValues(Receipt).Single());
    }

    /// <summary>Someone of the other clinic reads once the consent and the record have come, and no more once it is withdrawn.</summary>
    private async Task ReadElsewhereAsync(HttpClient patient, (string Site, int Port) other, string id, HttpResponseMessage permitted)
    {
        using var there = await AsAsync(other.Site, other.Port, "--role", "practitioner");
        using var read = await UntilAsync(there, $"/fhir/Patient/{id}", HttpStatusCode.OK);
        // The owner answers for a record before its copy is here; a search finds what is.
        (await UntilAsync(there, $"/fhir/Patient?name={Canary}&identifier=urn:mrn|{Canary}-1", HttpStatusCode.OK, id)).Dispose();
        (await CanaryStory.SendAsync(there, HttpMethod.Get, $"/fhir/Observation?subject=Patient/{id}", 200)).Dispose();
        (await CanaryStory.SendAsync(there, HttpMethod.Get, $"/receipts/{read.Headers.GetValues(Receipt).Single()}", null)).Dispose();
        await WithdrawAsync(patient, id, permitted);
        (await UntilAsync(there, $"/fhir/Patient/{id}", HttpStatusCode.NotFound)).Dispose();
    }

    private static async Task WithdrawAsync(HttpClient patient, string id, HttpResponseMessage permitted)
    {
        var consent = permitted.Headers.Location!.ToString().Split("/Consent/")[1].Split('/')[0];
        (await CanaryStory.SendAsync(patient, HttpMethod.Put, $"/fhir/Consent/{consent}", 200, Consent(id, "inactive", consent), ("If-Match", permitted.Headers.ETag!.ToString()))).Dispose();
    }

    /// <summary>With a purpose that nobody consented to, and a reason in words.</summary>
    private async Task AskInEmergencyAsync((string Site, int Port) at, string id)
    {
        using var there = await AsAsync(at.Site, at.Port, "--role", "practitioner", "--purpose", $"BTG: {Canary} lies in the hall");
        (await CanaryStory.SendAsync(there, HttpMethod.Get, $"/fhir/Patient/{id}", null)).Dispose();
        (await CanaryStory.SendAsync(there, HttpMethod.Get, $"/fhir/Patient?name={Canary}", null)).Dispose();
    }

    /// <summary>By the patient, by an auditor, and in the console.</summary>
    private async Task ReportAsync(HttpClient patient, string id, string receipt)
    {
        (await UntilAsync(patient, $"/receipts/{receipt}", HttpStatusCode.OK)).Dispose();
        using var report = await CanaryStory.SendAsync(patient, HttpMethod.Get, $"/fhir/AuditEvent?patient={id}&_count=100", 200);
        Assert.True(JsonDocument.Parse(await report.Content.ReadAsStringAsync(Cancellation)).RootElement.TryGetProperty("entry", out _), "nobody is in the patient's report");
        using var auditor = await AsAsync(site, gatewayPort, "--role", "auditor");
        (await CanaryStory.SendAsync(auditor, HttpMethod.Get, $"/fhir/AuditEvent?patient=Patient/{id}", 200)).Dispose();
        foreach (var query in (string[])[$"patient={id}", $"patient={Canary}", $"receipt={receipt}", $"receipt={Canary}"])
        {
            using var page = await CanaryStory.SendAsync(auditor, HttpMethod.Get, $"/console/consents?{query}", 200, null, ("Cookie", $"__Host-edgemesh-{site}={auditor.DefaultRequestHeaders.Authorization!.Parameter}"));
            Assert.Contains("Consent decisions", await page.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        }
    }

    private async Task<HttpClient> AsAsync(string at, int port, params string[] role)
    {
        var token = await mesh.RunAsync(["token", "--user", $"{role[1]}-of-{at}", "--site", at, .. role]);
        Assert.True(token.ExitCode == 0, token.ToString());
        var client = new HttpClient(new SocketsHttpHandler { UseCookies = false, SslOptions = { RemoteCertificateValidationCallback = mesh.IsOurs } }) { BaseAddress = new Uri($"https://127.0.0.1:{port}"), Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Output.Trim());
        client.DefaultRequestHeaders.TryAddWithoutValidation("traceparent", $"00-{CanaryStory.Trace}-b7ad6b7169203331-01");
        return client;
    }

    private static async Task<HttpResponseMessage> UntilAsync(HttpClient client, string path, HttpStatusCode status, string part = "")
    {
        for (var tries = 0; ; tries++)
        {
            var answer = await CanaryStory.SendAsync(client, HttpMethod.Get, path, null);
            var text = await answer.Content.ReadAsStringAsync(Cancellation);
            if (answer.StatusCode == status && text.Contains(part, StringComparison.Ordinal))
            {
                return answer;
            }

            Assert.True(tries < 300, $"{path} still answers {answer.StatusCode}: {text}");
            answer.Dispose();
            await Task.Delay(200, Cancellation);
        }
    }

    private static string Consent(string patient, string status, string? id = null) => PermitConsent.Of(
        patient, $$"""{{(id is null ? "" : $"\"id\": \"{id}\",")}} "identifier": [{ "value": "{{Canary}}-consent" }], "performer": [{ "display": "{{Canary}}" }], "text": { "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">{{Canary}} permits</div>" },""", status);
}
