using Dapr.Client.Autogen.Grpc.v1;
using EdgeMesh.Sidecar.Tests.Apps;
using Grpc.Core;

namespace EdgeMesh.Sidecar.Tests.Configuration;

/// <summary>What a Configuration resource changes for apps.</summary>
public sealed class ConfigurationTests
{
    [Theory]
    [InlineData("GET", "/orders", 200)]
    [InlineData("GET", "/ORDERS", 200)]
    [InlineData("POST", "/orders", 403)]
    [InlineData("GET", "/orders/7", 200)]
    [InlineData("DELETE", "/open/any", 200)]
    [InlineData("DELETE", "/open/any/path", 403)]
    [InlineData("DELETE", "/open", 200)]
    [InlineData("GET", "/open/closed", 200)]
    [InlineData("GET", "/all/that/follows", 200)]
    [InlineData("GET", "/shops/7/items", 403)]
    [InlineData("GET", "/part-7", 200)]
    [InlineData("GET", "/verbless", 403)]
    [InlineData("GET", "/silent", 403)]
    [InlineData("GET", "/other", 403)]
    public async Task AccessControl_AnOperation_IsAllowedOrDenied(string verb, string path, int expected)
    {
        const string configuration = """
            accessControl:
              defaultAction: deny
              policies:
              - appId: alpha
                defaultAction: deny
                namespace: core
                operations:
                - { name: /orders, httpVerb: [GET], action: allow }
                - { name: /open/*, httpVerb: ["*"], action: allow }
                - { name: /open/closed, httpVerb: ["*"], action: deny }
                - { name: /all/**, httpVerb: [GET], action: allow }
                - { name: /shops/*/items, httpVerb: [GET], action: allow }
                - { name: /part-*, httpVerb: [GET], action: allow }
                - { name: /verbless, action: allow }
                - { name: /silent, httpVerb: [GET] }
            """;
        await using var app = await TestApp.StartAsync();
        await using var sidecar = await StartAsync(configuration, new() { ["alpha"] = null, ["beta"] = app.Url });
        using var http = sidecar.Http();
        using var request = new HttpRequestMessage(new HttpMethod(verb), "/v1.0/invoke/beta/method" + path);
        Assert.Equal(expected, await http.SendAsync(request, TestSidecar.Cancellation).StatusAsync());
    }

    [Fact]
    public async Task AccessControl_Denies_NamesCallerOperationAndVerb()
    {
        await using var app = await TestApp.StartAsync();
        await using var sidecar = await StartAsync("accessControl: { defaultAction: deny }", new() { ["alpha"] = null, ["beta"] = app.Url });
        using var http = sidecar.Http();
        Assert.Equal(
            (403, "ERR_DIRECT_INVOKE", "failed to invoke, id: beta, err: rpc error: code = PermissionDenied desc = access control policy has denied access to id: spiffe://public/ns/core/alpha operation: a/b verb: GET"),
            await http.GetAsync("/v1.0/invoke/beta/method/a/b", TestSidecar.Cancellation).FaultAsync());
    }

    [Theory]
    [InlineData("{appId: alpha, defaultAction: deny}, {appId: alpha, defaultAction: allow}", 200)]
    [InlineData("{appId: alpha, defaultAction: allow}, {appId: alpha, defaultAction: deny}", 403)]
    [InlineData("{appId: alpha, defaultAction: allow}, {appId: alpha, trustDomain: elsewhere, defaultAction: allow}", 403)]
    [InlineData("{appId: alpha, defaultAction: allow}, {appId: alpha, namespace: elsewhere, defaultAction: deny}", 200)]
    public async Task AccessControl_TwoPoliciesAboutOneApp_TheLastCounts(string policies, int expected)
    {
        await using var app = await TestApp.StartAsync();
        await using var sidecar = await StartAsync($"accessControl: {{ defaultAction: deny, policies: [{policies}] }}", new() { ["alpha"] = null, ["beta"] = app.Url });
        using var http = sidecar.Http();
        Assert.Equal(expected, await http.GetAsync("/v1.0/invoke/beta/method/x", TestSidecar.Cancellation).StatusAsync());
    }

    [Theory]
    [InlineData("delete", true)]
    [InlineData("delete/all", true)]
    [InlineData("Delete", false)]
    [InlineData("other", false)]
    public async Task AccessControl_OfAnAppThatSpeaksGrpc_LooksAtNoVerb_AndAtUpperAndLowerCase(string method, bool isDenied)
    {
        await using var app = await GrpcApp.StartAsync();
        await using var sidecar = await StartAsync(
            "accessControl: { defaultAction: allow, policies: [{ appId: alpha, defaultAction: allow, operations: [{ name: /delete, action: deny }] }] }",
            new() { ["alpha"] = null, ["beta"] = app.Url },
            change: o => o with { Apps = [o.Apps[0], o.Apps[1] with { AppProtocol = AppProtocol.Grpc }] });
        using var http = sidecar.Http();
        var answer = http.GetAsync($"/v1.0/invoke/beta/method/{method}", TestSidecar.Cancellation);
        if (isDenied)
        {
            Assert.Equal(
                (403, "ERR_DIRECT_INVOKE", $"failed to invoke, id: beta, err: rpc error: code = PermissionDenied desc = access control policy has denied access to id: spiffe://public/ns/core/alpha operation: {method} verb: NONE"),
                await answer.FaultAsync());
        }
        else
        {
            Assert.Equal(200, await answer.StatusAsync());
        }
    }

    [Theory]
    [InlineData("policies: [{appId: other, defaultAction: allow}]", 403)]
    [InlineData("policies: [{appId: alpha, namespace: elsewhere, defaultAction: allow}]", 403)]
    [InlineData("policies: [{appId: alpha, trustDomain: elsewhere, defaultAction: allow}]", 403)]
    [InlineData("policies: [{appId: alpha, defaultAction: allow}]", 200)]
    [InlineData("{trustDomain: public}", 200)]
    public async Task AccessControl_WithoutADefault_PoliciesAboutOthersMeanDeny(string section, int expected)
    {
        await using var app = await TestApp.StartAsync();
        await using var sidecar = await StartAsync("accessControl:\n  " + section.Trim('{', '}'), new() { ["alpha"] = null, ["beta"] = app.Url });
        using var http = sidecar.Http();
        Assert.Equal(expected, await http.GetAsync("/v1.0/invoke/beta/method/x", TestSidecar.Cancellation).StatusAsync());
    }

    [Theory]
    [InlineData("denied: [{name: state, version: v1.0, protocol: http}]", true, false)]
    [InlineData("denied: [{name: state, version: v1, protocol: grpc}]", false, true)]
    [InlineData("denied: [{name: state, version: v1, protocol: http}]", true, false)]
    [InlineData("denied: [{name: state, version: v1.0, protocol: grpc}]", false, false)]
    [InlineData("denied: [{name: state, version: v1.0-alpha1, protocol: http}]", false, false)]
    [InlineData("allowed: [{name: invoke, version: v1.0, protocol: http}]", true, false)]
    [InlineData("allowed: [{name: state, version: v1.0}, {name: state, version: v1}]", false, false)]
    public async Task Api_NotServedByList_IsAnsweredAsNotThere(string lists, bool httpIsAway, bool grpcIsAway)
    {
        await using var sidecar = await StartAsync("api:\n  " + lists);
        using var http = sidecar.Http();
        Assert.Equal(httpIsAway ? 404 : 204, await http.GetAsync("/v1.0/state/memory/k", TestSidecar.Cancellation).StatusAsync());
        Assert.Equal(204, await http.GetAsync("/v1.0/healthz", TestSidecar.Cancellation).StatusAsync());
        var get = new GetStateRequest { StoreName = "memory", Key = "k" };
        if (grpcIsAway)
        {
            var error = await Assert.ThrowsAsync<RpcException>(async () => await sidecar.Grpc().GetStateAsync(get, TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation));
            Assert.Equal((StatusCode.Unimplemented, "Not Implemented"), (error.StatusCode, error.Status.Detail));
        }
        else
        {
            Assert.True((await sidecar.Grpc().GetStateAsync(get, TestSidecar.GrpcToken, cancellationToken: TestSidecar.Cancellation)).Data.IsEmpty);
        }
    }

    [Theory]
    [InlineData("defaultAccess: deny, allowedSecrets: [one]", 200, 403, new[] { "one" })]
    [InlineData("deniedSecrets: [one]", 403, 200, new[] { "two" })]
    [InlineData("defaultAccess: deny", 403, 403, new string[0])]
    [InlineData("defaultAccess: allow", 200, 200, new[] { "one", "two" })]
    public async Task SecretScope_LeavesOut_WhatItDoesNotAllow(string scope, int one, int two, string[] all)
    {
        var folder = TestSidecar.TemporaryFolder();
        await File.WriteAllTextAsync(Path.Combine(folder, "s.json"), """{"one":"1","two":"2"}""", TestSidecar.Cancellation);
        await using var sidecar = await StartAsync($"secrets: {{ scopes: [{{ storeName: files, {scope} }}] }}", resources: Yaml.Component("files", "secretstores.local.file", ("secretsFile", Path.Combine(folder, "s.json"))));
        using var http = sidecar.Http();
        Assert.Equal(one, await http.GetAsync("/v1.0/secrets/files/one", TestSidecar.Cancellation).StatusAsync());
        var second = await http.GetAsync("/v1.0/secrets/files/two", TestSidecar.Cancellation).StatusAsync();
        Assert.Equal(two, second);
        var bulk = System.Text.Json.JsonDocument.Parse(await http.GetStringAsync("/v1.0/secrets/files/bulk", TestSidecar.Cancellation)).RootElement;
        Assert.Equal(all, bulk.EnumerateObject().Select(p => p.Name));
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<TestSidecar> StartAsync(string spec, Dictionary<string, Uri?>? apps = null, string? resources = null, Func<SidecarOptions, SidecarOptions>? change = null)
    {
        var file = Path.GetTempFileName();
        try
        {
            var lines = spec.Split('\n').Select(l => "  " + l);
            await File.WriteAllTextAsync(file, "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: c }\nspec:\n" + string.Join('\n', lines) + "\n", TestSidecar.Cancellation);
            return await TestSidecar.StartAsync(resources, apps, change: o => (change?.Invoke(o) ?? o) with { ConfigurationPaths = [file] });
        }
        finally
        {
            File.Delete(file);
        }
    }
}
