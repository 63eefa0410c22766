using Dapr;

namespace EdgeMesh.Sidecar.Tests.Secrets;

public sealed class SecretsTests : IAsyncLifetime
{
    private readonly string _folder = TestSidecar.TemporaryFolder();
    private TestSidecar _sidecar = null!;
    private HttpClient _http = null!;

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "secrets.json"), """{"plain":"p","number":5,"truth":true,"nothing":null,"nested":{"inner":"deep","more":{"x":"y"}},"list":["a",{"b":"c"}]}""");
        _sidecar = await TestSidecar.StartAsync(
            Yaml.Component("files", "secretstores.local.file", ("secretsFile", "secrets.json"))
            + Yaml.Component("dots", "secretstores.local.file", ("secretsFile", "secrets.json"), ("nestedSeparator", "."))
            + Yaml.Component("multi", "secretstores.local.file", ("secretsFile", "secrets.json"), ("multiValued", "true"))
            + Yaml.Component("env", "secretstores.local.env")
            + Yaml.Component("prefixed", "secretstores.local.env", ("prefix", "P_")),
            folder: _folder,
            change: o => o with { Environment = new Dictionary<string, string> { ["P_A"] = "1", ["B"] = "2", ["APP_API_TOKEN"] = "never", ["DAPR_API_TOKEN"] = "never" } });
        _http = _sidecar.Http();
    }

    [Theory]
    [InlineData("files/plain", """{"plain":"p"}""")]
    [InlineData("files/number", """{"number":"5"}""")]
    [InlineData("files/truth", """{"truth":"true"}""")]
    [InlineData("files/nothing", """{"nothing":""}""")]
    [InlineData("files/nested:inner", """{"nested:inner":"deep"}""")]
    [InlineData("files/nested:more:x", """{"nested:more:x":"y"}""")]
    [InlineData("files/list:1:b", """{"list:1:b":"c"}""")]
    [InlineData("files/nested%3Ainner", """{"nested:inner":"deep"}""")]
    [InlineData("dots/nested.inner", """{"nested.inner":"deep"}""")]
    [InlineData("multi/nested", """{"inner":"deep","more:x":"y"}""")]
    [InlineData("multi/plain", """{"plain":"p"}""")]
    [InlineData("env/B", """{"B":"2"}""")]
    [InlineData("env/UNSET", """{"UNSET":""}""")]
    [InlineData("env/APP_API_TOKEN", """{"APP_API_TOKEN":""}""")]
    [InlineData("prefixed/A", """{"A":"1"}""")]
    [InlineData("prefixed/bulk", """{"A":{"A":"1"}}""")]
    public async Task Get_Known_IsItsKeyAndValue(string path, string expected) =>
        Assert.Equal(expected, await _http.GetStringAsync($"/v1.0/secrets/{path}", TestSidecar.Cancellation));

    [Theory]
    [InlineData("files/nested", 500, "ERR_SECRET_GET")]
    [InlineData("files/none", 500, "ERR_SECRET_GET")]
    [InlineData("multi/list", 500, "ERR_SECRET_GET")]
    [InlineData("dots/nested:inner", 500, "ERR_SECRET_GET")]
    [InlineData("nosuch/x", 401, "ERR_SECRET_STORE_NOT_FOUND")]
    [InlineData("nosuch/bulk", 401, "ERR_SECRET_STORE_NOT_FOUND")]
    [InlineData("files/a/b", 404, "ERR_DIRECT_INVOKE")]
    public async Task Get_Unknown_AnswersAsDaprdDoes(string path, int status, string code)
    {
        var fault = await _http.GetAsync($"/v1.0/secrets/{path}", TestSidecar.Cancellation).FaultAsync();
        Assert.Equal((status, code), (fault.Status, fault.Code));
    }

    [Fact]
    public async Task DaprClient_SecretsAndBulk_AreTheSame()
    {
        using var dapr = _sidecar.Dapr();
        Assert.Equal("p", (await dapr.GetSecretAsync("files", "plain", cancellationToken: TestSidecar.Cancellation))["plain"]);
        var all = await dapr.GetBulkSecretAsync("multi", cancellationToken: TestSidecar.Cancellation);
        Assert.Equal("deep", all["nested"]["inner"]);
        await Assert.ThrowsAsync<DaprException>(() => dapr.GetSecretAsync("files", "none", cancellationToken: TestSidecar.Cancellation));
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _sidecar.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}
