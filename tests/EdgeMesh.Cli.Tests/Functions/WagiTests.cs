using System.Text;
using EdgeMesh.Cli.Functions;
using EdgeMesh.Functions;
using Wasmtime;

namespace EdgeMesh.Cli.Tests.Functions;

/// <summary>The same files that run in the sandbox and in Dapr's <c>bindings.wasm</c> run by the rules of Wagi and Spin: no such program is
/// asked, its rules are.</summary>
[Trait("Category", "Engines")]
public sealed class WagiTests(BuiltSamples samples) : IClassFixture<BuiltSamples>, IDisposable
{
    private const string Patient = """{"resourceType":"Patient","name":[{"family":"Lovelace"}],"birthDate":"1815-12-10"}""";

    private readonly WagiHost _host = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("c")]
    [InlineData("assemblyscript")]
    public async Task Template_ByWagisRules_Greets(string template)
    {
        var answer = _host.Answer(await ModuleAsync(await samples.TemplateAsync(template)), "http://localhost/f/greet", "Ada");

        Assert.Equal((200, "text/plain"), (answer.Status, answer.Headers["Content-Type"]));
        Assert.StartsWith("Hello, Ada!", answer.Body, StringComparison.Ordinal);
        Assert.StartsWith("greeting 3 ", answer.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deidentify_ByWagisRules_AnswersAHeadAndWhatTheSandboxAnswers()
    {
        var module = await ModuleAsync(await samples.SampleAsync("deidentify"));
        var answer = _host.Answer(module, "http://localhost/f/bundle?of=clinic-a", Patient, ("Accept", "application/fhir+json"));

        Assert.Equal((200, "application/fhir+json"), (answer.Status, answer.Headers["Content-Type"]));
        Assert.Equal("""{"resourceType":"Patient","birthDate":"1815"}""", answer.Body);
        Assert.Equal($"Content-Type: application/fhir+json\n\n{answer.Body}", await InTheSandboxAsync(module, new Dictionary<string, string> { ["GATEWAY_INTERFACE"] = "CGI/1.1" }));
        Assert.Equal(answer.Body, await InTheSandboxAsync(module, []));
    }

    /// <summary>What a function asks of its site is there at its site alone.</summary>
    [Theory]
    [InlineData("vitals-triage")]
    [InlineData("price-rule")]
    [InlineData("webhook-filter")]
    public async Task Sample_ThatImportsTheHostInterface_IsRefusedByWagisRulesByName(string sample)
    {
        var module = await ModuleAsync(await samples.SampleAsync(sample));

        Assert.Contains("edgemesh_v1", Assert.Throws<WasmtimeException>(() => _host.Answer(module, "http://localhost/f", "{}")).Message, StringComparison.Ordinal);
    }

    public void Dispose() => _host.Dispose();

    private static Task<byte[]> ModuleAsync(FunctionProject project) => File.ReadAllBytesAsync(project.ModuleFile, Cancellation);

    private static async Task<string> InTheSandboxAsync(byte[] module, Dictionary<string, string> environment)
    {
        using var sandbox = new FunctionSandbox(new SandboxOptions { Concurrency = 1 }, TimeProvider.System);
        using var function = sandbox.Add(sandbox.Compile(module).Module!, new FunctionShare());
        var result = await function.CallAsync(new CallInput { Data = Encoding.UTF8.GetBytes(Patient), Environment = environment }, Cancellation);
        return Encoding.UTF8.GetString(result.Output.Span);
    }
}
