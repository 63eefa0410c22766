namespace EdgeMesh.Sidecar.Tests.Resources;

/// <summary>Bad configuration stops the start with every fault, each with file, line and what to do.</summary>
public sealed class BadResourcesTests
{
    [Fact]
    public async Task Start_SeveralFaults_NamesEachWithFileAndLine()
    {
        const string resources = """
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: one
            spec:
              type: state.cosmos
              version: v1
            ---
            apiVersion: dapr.io/v1alpha1
            kind: WorkflowAccessPolicy
            metadata:
              name: two
            spec: {}
            ---
            apiVersion: dapr.io/v1alpha1
            kind: Component
            metadata:
              name: three
            spec:
              type: state.sqlite
              version: v1
              metadata:
                - name: connectionString
                  value: a.db
                - name: fancy
                  value: "1"
              surprise: 1
            """;
        var error = await FailAsync(resources);
        Assert.Collection(
            error.Faults.Order(StringComparer.Ordinal),
            f => Assert.Matches(@"resources\.yaml:25: 'fancy' is not a field of state\.sqlite", f),
            f => Assert.Matches(@"resources\.yaml:27: 'surprise' is not known here", f),
            f => Assert.Matches(@"resources\.yaml:6: component 'one' has type 'state\.cosmos' \(v1\), which the embedded engine does not have", f),
            f => Assert.Matches(@"resources\.yaml:9: kind 'WorkflowAccessPolicy' \(dapr\.io/v1alpha1\) is not served", f));
    }

    [Theory]
    [InlineData("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\ndata: {a: b}")]
    [InlineData("version: 1\napps: [{appID: a}]")]
    public async Task Start_WhatIsNoResourceOfDapr_IsLeftAlone(string document)
    {
        await using var sidecar = await TestSidecar.StartAsync(Yaml.StandardStores + "---\n" + document + "\n");
        using var http = sidecar.Http();
        Assert.Equal(204, await http.GetAsync("/v1.0/state/memory/k", TestSidecar.Cancellation).StatusAsync());
    }

    [Theory]
    [InlineData("apiVersion: dapr.io/v1alpha1\nmetadata: {name: x}\nspec: {type: state.in-memory}", "'kind' is missing")]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: Component\nspec: {type: state.in-memory}", "'metadata' is missing")]
    [InlineData("- 1\n- 2", "must be a mapping")]
    [InlineData("a: [", "not YAML")]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: HTTPEndpoint\nmetadata: {name: x}\nspec: {}", "'baseUrl' is missing")]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: {name: x}\nspec: {}", "kind 'Configuration'")]
    [InlineData("apiVersion: dapr.io/v9\nkind: Component\nmetadata: {name: x}\nspec: {type: state.in-memory}", "kind 'Component' (dapr.io/v9)")]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: x}\nspec: {version: v1}", "'type' is missing")]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: x}\nspec: {type: state.in-memory, version: v2}", "'state.in-memory' (v2)")]
    [InlineData("apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: x}\nspec: {type: state.sqlite, metadata: [{name: connectionString, secretKeyRef: {name: a}}]}", "is no secret store that could be opened")]
    public async Task Start_OneFault_SaysWhatIsWrong(string resources, string expected) =>
        Assert.Contains(expected, Assert.Single((await FailAsync(resources)).Faults), StringComparison.Ordinal);

    [Fact]
    public async Task Start_TwoComponentsOfOneName_IsAFaultUnlessTheirScopesDiffer()
    {
        var error = await FailAsync(Yaml.Component("same", "state.in-memory") + Yaml.Component("same", "state.in-memory"));
        Assert.Contains("two components 'same' for the app 'alpha'", Assert.Single(error.Faults), StringComparison.Ordinal);
        await using var fine = await TestSidecar.StartAsync(Yaml.Scoped("same", "state.in-memory", ["alpha"]) + Yaml.Scoped("same", "state.in-memory", ["beta"]), new Dictionary<string, Uri?> { ["alpha"] = null, ["beta"] = null });
    }

    [Fact]
    public async Task Start_NoSuchFolder_IsNamed()
    {
        var options = new SidecarOptions { Namespace = "core", Apps = [new() { AppId = "alpha" }, new() { AppId = "alpha" }], ResourcesPaths = ["/no/such/folder"] };
        var error = await Assert.ThrowsAsync<SidecarConfigurationException>(() => SidecarHost.StartAsync(options, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, TestSidecar.Cancellation));
        Assert.Equal(2, error.Faults.Count);
        Assert.Contains("There are 2 apps 'alpha'", error.Message, StringComparison.Ordinal);
        Assert.Contains("/no/such/folder: there is no such resources folder", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_PortIsTaken_NamesIt()
    {
        await using var first = await TestSidecar.StartAsync("");
        using var http = first.Http();
        var port = http.BaseAddress!.Port;
        var error = await Assert.ThrowsAnyAsync<IOException>(() => TestSidecar.StartAsync("", change: o => o with { Apps = [o.Apps[0] with { HttpPort = port }] }));
        Assert.Contains(port.ToString(System.Globalization.CultureInfo.InvariantCulture), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_ComponentOfAnotherAppOrNamespace_IsLeftAlone()
    {
        await using var sidecar = await TestSidecar.StartAsync(Yaml.Scoped("theirs", "bindings.kafka", ["someone-else"])
            + "---\napiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: {name: x, namespace: elsewhere}\nspec: {type: bindings.kafka, version: v1}\n");
        using var http = sidecar.Http();
        Assert.Equal(204, await http.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync());
    }

    private static Task<SidecarConfigurationException> FailAsync(string resources) =>
        Assert.ThrowsAsync<SidecarConfigurationException>(() => TestSidecar.StartAsync(resources));
}
