using System.Text;
using System.Text.Json;
using EdgeMesh.Cli.Functions;
using EdgeMesh.Functions;

namespace EdgeMesh.Cli.Tests.Functions;

/// <summary>The samples, built from their sources with clang and asc, and run in the sandbox.</summary>
[Trait("Category", "Engines")]
public sealed class SampleTests(BuiltSamples samples) : IClassFixture<BuiltSamples>, IDisposable
{
    private readonly FunctionSandbox _sandbox = new(new SandboxOptions { Concurrency = 1 }, TimeProvider.System);
    private readonly MemoryFunctionHost _host = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("""{"patient":"clinic-a-x1","respiration":18,"spo2":97,"systolic":120,"pulse":70,"temperature":36.8}""", 0, "low", false)]
    [InlineData("""{"patient":"clinic-a-x1","respiration":22,"spo2":94,"systolic":105,"pulse":112,"temperature":38.5}""", 7, "high", true)]
    [InlineData("""{"pulse" : 40}""", 3, "medium", true)]
    [InlineData("""{"pulse":95,"temperature":38.2}""", 2, "low", false)]
    public async Task VitalsTriage_Measurement_IsScoredByNews2AndAlertsWhenWorrying(string measurement, int score, string severity, bool alerts)
    {
        var result = await RunAsync("vitals-triage", measurement);

        using var answer = JsonDocument.Parse(Output(result));
        Assert.Equal((score, severity), (answer.RootElement.GetProperty("score").GetInt32(), answer.RootElement.GetProperty("severity").GetString()));
        Assert.Equal(alerts ? ["alerts"] : [], _host.Published.Select(p => p.Topic));
    }

    [Fact]
    public async Task VitalsTriage_NoMeasurement_FailsAndAlertsNobody()
    {
        Assert.Equal(CallOutcome.Failed, (await RunAsync("vitals-triage", "hello")).Outcome);
        Assert.Empty(_host.Published);
    }

    [Fact]
    public async Task Deidentify_Bundle_KeepsTheMedicineAndNobodysName()
    {
        var result = await RunAsync("deidentify", """
            {"resourceType":"Bundle","type":"collection","entry":[
              {"resource":{"resourceType":"Patient","id":"clinic-a-x1","name":[{"family":"Lovelace","given":["Ada"]}],"birthDate":"1815-12-10","_birthDate":{"id":"b"},"gender":"female",
                "telecom":[{"value":"555-1"}],"address":[{"city":"London"}],"text":{"status":"generated","div":"<div>Ada</div>"}}},
              {"resource":{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}],"text":"Ada's pulse"},
                "subject":{"reference":"Patient/clinic-a-x1","display":"Ada Lovelace"},"valueQuantity":{"value":72.50,"unit":"/min"},"note":[{"text":"Ada was calm"}]}}]}
            """);

        var text = Output(result);
        Assert.Equal(CallOutcome.Completed, result.Outcome);
        Assert.DoesNotContain("Ada", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Lovelace", text, StringComparison.Ordinal);
        Assert.DoesNotContain("London", text, StringComparison.Ordinal);
        using var bundle = JsonDocument.Parse(text);
        var (patient, observation) = (bundle.RootElement.GetProperty("entry")[0].GetProperty("resource"), bundle.RootElement.GetProperty("entry")[1].GetProperty("resource"));
        Assert.Equal(("1815", "female"), (patient.GetProperty("birthDate").GetString(), patient.GetProperty("gender").GetString()));
        Assert.Equal(("72.50", "8867-4"), (observation.GetProperty("valueQuantity").GetProperty("value").GetRawText(), observation.GetProperty("code").GetProperty("coding")[0].GetProperty("code").GetString()));
        Assert.Equal("Patient/clinic-a-x1", observation.GetProperty("subject").GetProperty("reference").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("[1]")]
    [InlineData("""{"resourceType":"Bundle","entry":[{"resource":{"id":"x","na""")]
    [InlineData("""{"n\u0061me":"Ada"}""")]
    public async Task Deidentify_WhatIsNoWholeObject_Fails(string input) => Assert.Equal(CallOutcome.Failed, (await RunAsync("deidentify", input)).Outcome);

    [Theory]
    [InlineData("""{"item":"milk","quantity":2,"cents":119,"member":false}""", 238, 0)]
    [InlineData("""{"item":"milk","quantity":2,"cents":119,"member":true}""", 226, 5)]
    [InlineData("""{"item":"milk","quantity":10,"cents":119,"member":true}""", 1011, 15)]
    public async Task PriceRule_Basket_CostsWhatTheSettingsSay(string basket, int total, int percent)
    {
        foreach (var (name, value) in new[] { ("memberPercent", "5"), ("bulkFrom", "10"), ("bulkPercent", "10") })
        {
            _host.Settings[name] = Encoding.UTF8.GetBytes(value);
        }

        using var answer = JsonDocument.Parse(Output(await RunAsync("price-rule", basket)));
        Assert.Equal((total, percent), (answer.RootElement.GetProperty("total").GetInt32(), answer.RootElement.GetProperty("rebatePercent").GetInt32()));
    }

    [Fact]
    public async Task PriceRule_NoQuantity_Fails() => Assert.Equal(CallOutcome.Failed, (await RunAsync("price-rule", """{"cents":1}""")).Outcome);

    [Theory]
    [InlineData("hush", "order.paid", 202, 1)]
    [InlineData("hush", "order.pai", 204, 0)]
    [InlineData("hush", "order.seen", 204, 0)]
    [InlineData("hus", "order.paid", 401, 0)]
    [InlineData("hushh", "order.paid", 401, 0)]
    [InlineData("", "order.paid", 401, 0)]
    public async Task WebhookFilter_Delivery_IsPassedOnWhenKnownAndWanted(string token, string @event, int status, int published)
    {
        _host.Secrets["token"] = "hush"u8.ToArray();
        _host.Settings["events"] = "order.paid order.refunded"u8.ToArray();
        var result = await RunAsync("webhook-filter", """{"order":1}""", new Dictionary<string, string> { ["HTTP_X_WEBHOOK_TOKEN"] = token, ["HTTP_X_WEBHOOK_EVENT"] = @event });

        Assert.StartsWith($"Status: {status}\n", Output(result), StringComparison.Ordinal);
        Assert.Equal(published, _host.Published.Count);
    }

    [Theory]
    [InlineData("c")]
    [InlineData("assemblyscript")]
    public async Task Template_Built_Greets(string template)
    {
        var result = await RunAsync(await samples.TemplateAsync(template), new CallInput { Data = "Ada"u8.ToArray(), Environment = new Dictionary<string, string> { ["EDGEMESH_SITE"] = "core" } });

        Assert.Contains("Hello, Ada!", Output(result), StringComparison.Ordinal);
    }

    public void Dispose() => _sandbox.Dispose();

    private async Task<CallResult> RunAsync(string sample, string input, Dictionary<string, string>? environment = null) => await RunAsync(
        await samples.SampleAsync(sample), new CallInput { Data = Encoding.UTF8.GetBytes(input), Environment = environment ?? [], Host = _host });

    private async Task<CallResult> RunAsync(FunctionProject project, CallInput input)
    {
        var compiled = _sandbox.Compile(await File.ReadAllBytesAsync(project.ModuleFile, Cancellation));
        Assert.Empty(compiled.Faults);
        return await _sandbox.Add(compiled.Module!, project.Manifest.Share).CallAsync(input with { Limits = project.Manifest.Limits }, Cancellation);
    }

    private static string Output(CallResult result) => Encoding.UTF8.GetString(result.Output.Span);
}
