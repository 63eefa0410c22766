namespace EdgeMesh.Sidecar.Tests.Resources;

/// <summary>Where a component's settings come from, and who may use it.</summary>
public sealed class ComponentSettingsTests : IDisposable
{
    private readonly string _folder = TestSidecar.TemporaryFolder();

    [Fact]
    public async Task Settings_FromSecretsEnvironmentAndTags_AreResolved()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "secrets.json"), """{"db":{"file":"secret-{appID}.db"}}""", TestSidecar.Cancellation);
        var resources = Reference("byName", "secretKeyRef: {name: 'db:file', key: 'db:file'}") + Reference("byEnvironment", "envRef: FILE") + Reference("pod", "value: '{podName}-{uuid}.db'")
            + Yaml.Component("files", "secretstores.local.file", ("secretsFile", "secrets.json"));
        await using var sidecar = await TestSidecar.StartAsync(resources, folder: _folder,
            change: o => o with { Environment = new Dictionary<string, string> { ["FILE"] = "environment.db", ["POD_NAME"] = "pod-1" } });
        var files = Directory.GetFiles(_folder, "*.db").Select(Path.GetFileName).Order().ToArray();
        Assert.Equal(["environment.db", "secret-alpha.db"], files.Where(f => !f!.StartsWith("pod", StringComparison.Ordinal)));
        Assert.Matches("^pod-1-[0-9a-f-]{36}\\.db$", Assert.Single(files, f => f!.StartsWith("pod", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("value: '{podName}.db'", "refers to {podName} but podName is not set")]
    [InlineData("envRef: UNSET", "'UNSET', which is not set")]
    [InlineData("envRef: DAPR_API_TOKEN", "never given out")]
    [InlineData("secretKeyRef: {name: none}", "secret 'none', key 'none', which is not in 'files'")]
    public async Task Settings_ThatAreNotThere_NameTheFieldAndTheFile(string source, string expected)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "secrets.json"), "{}", TestSidecar.Cancellation);
        var resources = Yaml.Component("files", "secretstores.local.file", ("secretsFile", "secrets.json")) + Reference("store", source);
        var error = await Assert.ThrowsAsync<SidecarConfigurationException>(() => TestSidecar.StartAsync(resources, folder: _folder));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("resources.yaml:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scopes_AnAppOutside_DoesNotSeeTheComponent()
    {
        var apps = new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = null };
        await using var sidecar = await TestSidecar.StartAsync(Yaml.Scoped("betas", "state.in-memory", ["beta"]), apps);
        using HttpClient alpha = sidecar.Http(), beta = sidecar.Http("beta");
        Assert.Equal("ERR_STATE_STORE_NOT_CONFIGURED", (await alpha.GetAsync("/v1.0/state/betas/k", TestSidecar.Cancellation).FaultAsync()).Code);
        Assert.Equal(204, await beta.GetAsync("/v1.0/state/betas/k", TestSidecar.Cancellation).StatusAsync());
        Assert.DoesNotContain("betas", await alpha.GetStringAsync("/v1.0/metadata", TestSidecar.Cancellation), StringComparison.Ordinal);
        Assert.Contains("betas", await beta.GetStringAsync("/v1.0/metadata", TestSidecar.Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ComponentThatCannotOpen_WithoutExit_IsNamedByHealthAndItsCallsFail()
    {
        var resources = Yaml.Component("broken", "state.sqlite", ("connectionString", "/proc/none/x.db")) + Yaml.Component("fine", "state.in-memory");
        await using var sidecar = await TestSidecar.StartAsync(resources, change: o => o with { ExitOnFailedComponent = false });
        using var http = sidecar.Http();
        var health = await http.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).FaultAsync();
        Assert.Equal((500, "ERR_HEALTH_NOT_READY"), (health.Status, health.Code));
        Assert.Contains("component 'broken' is not open: ", health.Message, StringComparison.Ordinal);
        Assert.Equal("ERR_STATE_STORE_NOT_CONFIGURED", (await http.GetAsync("/v1.0/state/broken/k", TestSidecar.Cancellation).FaultAsync()).Code);
        Assert.Equal(204, await http.GetAsync("/v1.0/state/fine/k", TestSidecar.Cancellation).StatusAsync());
        Assert.Equal(204, await http.GetAsync("/v1.0/healthz/outbound", TestSidecar.Cancellation).StatusAsync());
        var error = await Assert.ThrowsAsync<SidecarConfigurationException>(() => TestSidecar.StartAsync(resources));
        Assert.Contains("component 'broken' (state.sqlite) can't be opened", Assert.Single(error.Faults), StringComparison.Ordinal);
    }

    private static string Reference(string name, string source) => $"""
        ---
        apiVersion: dapr.io/v1alpha1
        kind: Component
        metadata: {"{"}name: {name}{"}"}
        spec:
          type: state.sqlite
          version: v1
          metadata: [{"{"}name: connectionString, {source}{"}"}]
        auth: {"{"}secretStore: files{"}"}

        """;

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
