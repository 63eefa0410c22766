using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using EdgeMesh.Hosting;
using EdgeMesh.Services.Records;
using EdgeMesh.Services.Records.Tests;
using EdgeMesh.Testing;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>A function that reads records, beside the real service: it gets what whoever called it would get, and nothing by itself.</summary>
public sealed class RecordsReadingTests
{
    private static readonly Caller Doctor = FunctionsSite.User with { Roles = ["practitioner"], Scopes = ["functions/reader", "user/*.cruds"] };
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Invoke_OfRecords_AnswersWhatTheCallersScopesAndTheConsentsAllow()
    {
        await using var site = await FunctionsSite.StartAsync(apps: [new TestApp(RecordsApp.AppId, RecordsApp.Create)]);
        using var records = site.Host.InvokeClient("gateway", RecordsApp.AppId);
        var patient = await PostAsync(site, records, "fhir/Patient", Samples.Patient(family: "Lovelace"));
        await DeployAsync(site, "reader", $"GET records/fhir/Patient/{patient}", "");
        await DeployAsync(site, "anybody", $"GET records/fhir/Patient/{patient}", ", open: true");

        Assert.Contains("Lovelace", await CallAsync(site, "reader", Doctor), StringComparison.Ordinal);
        // Denied: no scope for patients; nobody at all.
        Assert.Equal("-2", await CallAsync(site, "reader", Doctor with { Scopes = ["functions/reader", "user/Observation.r"] }));
        Assert.Equal("-2", await CallAsync(site, "anybody", null));

        var refusal = new JsonObject { ["type"] = "deny", ["actor"] = Samples.Actor(FunctionsSite.Site) };
        await PostAsync(site, records, "fhir/Consent", Samples.Consent(patient, refusal));
        // Not found, as for an id that nobody has. A consent decides a moment after it is written.
        var began = Stopwatch.GetTimestamp();
        var answer = await CallAsync(site, "reader", Doctor);
        while (answer != "-1")
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Limit, $"the consent does not decide in {Limit}; the function got {answer}");
            await Task.Delay(10, Cancellation);
            answer = await CallAsync(site, "reader", Doctor);
        }
    }

    private static Task DeployAsync(FunctionsSite site, string name, string target, string trigger) => site.DeployAsync(
        HostModules.Invoke(target), FunctionsSite.Manifest(name, triggers: $"  - http: {{ method: POST, path: /{trigger} }}", more: "permissions: { invoke: [\"GET records/fhir/*\"] }"));

    private static async Task<string> CallAsync(FunctionsSite site, string function, Caller? caller)
    {
        using var answer = await site.SendAsync(HttpMethod.Post, $"functions/{function}/run", [], caller);
        Assert.Equal(200, (int)answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(Cancellation);
    }

    /// <summary>Writes a resource, as the doctor does; its id.</summary>
    private static async Task<string> PostAsync(FunctionsSite site, HttpClient records, string path, JsonNode resource)
    {
        using var content = new StringContent(resource.ToJsonString(), Encoding.UTF8, new MediaTypeHeaderValue("application/fhir+json"));
        using var answer = await site.SendAsync(records, HttpMethod.Post, path, content, Doctor);
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.True((int)answer.StatusCode == 201, text);
        return answer.Headers.Location!.ToString().Split('/') is [.., var id, "_history", _] ? id : throw new InvalidOperationException(answer.Headers.Location.ToString());
    }
}
