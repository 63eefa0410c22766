using EdgeMesh.Sidecar.CommandLine;
using EdgeMesh.Sidecar.CommandLine.RunFiles;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeMesh.Sidecar.Tests.CommandLine;

/// <summary>The Dapr CLI's run file, with one sidecar process for all its apps.</summary>
public sealed class RunFileTests : IDisposable
{
    private static readonly Dictionary<string, string> Process = new() { ["NAMESPACE"] = "elsewhere", ["DAPR_API_TOKEN"] = "for-all" };

    private readonly string _folder = TestSidecar.TemporaryFolder();

    [Fact]
    public void Read_CommonAndApps_TheAppsOwnGoBefore()
    {
        var settings = Read("""
            version: 1
            common:
              resourcesPath: shared
              logLevel: warn
              appProtocol: grpc
              maxBodySize: 8Mi
              env: { NAMESPACE: core, APP_API_TOKEN: common }
            apps:
              - appID: orders
                appDirPath: ./services/orders/
                appPort: 5001
                daprHTTPPort: 3501
                daprGRPCPort: 50011
                daprInternalGRPCPort: 50012
                metricsPort: 9091
                resourcesPaths: [one, ../two]
                appProtocol: http
                appMaxConcurrency: 7
                enableAppHealthCheck: true
                enableApiLogging: true
                appHealthProbeInterval: 2
                command: [dotnet, run]
                env: { APP_API_TOKEN: own }
              - appDirPath: services/stock
                appPort: -1
            """);

        Assert.Equal(("core", 8L * 1024 * 1024, LogLevel.Warning), (settings.Options.Namespace, settings.Options.MaxBodySize, settings.LogLevel));
        Assert.Equal("core", settings.Options.Environment!["NAMESPACE"]);
        var (orders, stock) = (settings.Options.Apps[0], settings.Options.Apps[1]);
        Assert.Equal(("orders", new Uri("http://127.0.0.1:5001"), 3501, 50011, 50012, 9091), (orders.AppId, orders.AppEndpoint, orders.HttpPort, orders.GrpcPort, orders.InternalGrpcPort, orders.MetricsPort));
        Assert.Equal((AppProtocol.Http, 7, "for-all", "own"), (orders.AppProtocol, orders.MaxConcurrency, orders.ApiToken, orders.AppToken));
        Assert.Equal(TimeSpan.FromSeconds(2), orders.HealthCheck!.Interval);
        Assert.Equal((true, false), (orders.LogsApiCalls, stock.LogsApiCalls));
        Assert.Equal([Path.Combine(_folder, "services/orders/one"), Path.Combine(_folder, "services/two")], orders.ResourcesPaths);
        Assert.Equal(("stock", null, 0, 0, AppProtocol.Grpc, "common"), (stock.AppId, stock.AppEndpoint, stock.HttpPort, stock.GrpcPort, stock.AppProtocol, stock.AppToken));
        Assert.Equal([Path.Combine(_folder, "shared")], stock.ResourcesPaths);
    }

    [Fact]
    public void Read_AnAppWithAFolderOfItsOwnForDapr_ReadsThatInPlaceOfCommon()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "stock/.dapr/resources"));
        var settings = Read("version: 1\ncommon: { resourcesPaths: [shared] }\napps: [{ appDirPath: stock }]\n");
        Assert.Equal([Path.Combine(_folder, "stock/.dapr/resources")], Assert.Single(settings.Options.Apps).ResourcesPaths);
    }

    [Fact]
    public void Read_FlagsOfTheProcess_GoBeforeTheFile() =>
        Assert.Equal(LogLevel.Error, Read("version: 1\ncommon: { logLevel: warn }\napps: [{ appID: a }]\n", "--log-level", "error").LogLevel);

    [Theory]
    [InlineData("version: 2\napps: [{appID: a}]", "dapr.yaml:1: 'version' must be 1, and is '2'")]
    [InlineData("apps: [{appID: a}]", "dapr.yaml:1: 'version' is missing")]
    [InlineData("version: 1", "dapr.yaml:1: 'apps' must list at least one app")]
    [InlineData("version: 1\napps:\n  - appID: a\n    appprot: 1", "dapr.yaml:4: 'appprot' is not known here")]
    [InlineData("version: 1\ncommon:\n  appID: a\napps: [{appID: a}]", "dapr.yaml:3: 'appID' is not known here")]
    [InlineData("version: 1\napps:\n  - appPort: 5000", "dapr.yaml:3: 'appID' is missing")]
    [InlineData("version: 1\napps:\n  - appID: a\n    appPort: many", "dapr.yaml:4: 'appPort' must be a port")]
    [InlineData("version: 1\napps:\n  - appID: a\n    appProtocol: ftp", "dapr.yaml:4: 'appProtocol' must be http")]
    [InlineData("version: 1\napps:\n  - appID: a\n    enableProfiling: true", "dapr.yaml:4: 'enableProfiling' true: the embedded engine does not have this")]
    [InlineData("version: 1\napps:\n  - appID: a\n    env: [x]", "dapr.yaml:4: 'env' must be a mapping")]
    [InlineData("version: 1\napps:\n  - appID: a\n  - appID: b\n    logLevel: debug", "dapr.yaml:4: 'logLevel' differs between 'a' and 'b'")]
    [InlineData("version: 1\napps:\n  - appID: a\n  - appID: b\n    env: {NAMESPACE: x}", "dapr.yaml:4: 'env: NAMESPACE' differs between 'a' and 'b'")]
    [InlineData("- version", "a run file is one mapping")]
    [InlineData("version: [", "not YAML")]
    public void Read_WhatCannotBe_IsRefusedByFileLineAndKey(string text, string expected)
    {
        var flags = Flags(text);
        Assert.Null(RunFile.Read(flags, Process));
        Assert.Contains(expected, Assert.Single(flags.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_FlagsOfAnApp_CannotStandBeside()
    {
        var flags = Flags("version: 1\napps: [{appID: a}]", "--app-id", "b");
        Assert.Null(RunFile.Read(flags, Process));
        Assert.Contains("--app-id can't stand beside --run-file", Assert.Single(flags.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NoSuchFile_IsRefused()
    {
        var flags = FlagReader.Read(["--run-file", Path.Combine(_folder, "none.yaml")]);
        Assert.Null(RunFile.Read(flags, Process));
        Assert.Contains("none.yaml: can't be read", Assert.Single(flags.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Apps_WithFoldersOfTheirOwn_SeeEachItsOwnComponents()
    {
        foreach (var app in (string[])["orders", "stock"])
        {
            var resources = Directory.CreateDirectory(Path.Combine(_folder, app, ".dapr/resources")).FullName;
            await File.WriteAllTextAsync(Path.Combine(resources, "a.yaml"), Yaml.Component("store", "state.in-memory", ("keyPrefix", "none")) + Yaml.Component("only-" + app, "state.in-memory"), TestSidecar.Cancellation);
            await File.WriteAllTextAsync(Path.Combine(resources, "b.yaml"), Yaml.Scoped("for-nobody-here", "state.nonsense", ["another"]), TestSidecar.Cancellation);
        }

        var settings = Read("version: 1\napps: [{appID: orders, appDirPath: orders}, {appID: stock, appDirPath: stock}]\n");
        await using var host = await SidecarHost.StartAsync(settings.Options with { WorkingDirectory = _folder }, NullLoggerFactory.Instance, TestSidecar.Cancellation);
        using var orders = Client(host, "orders");
        using var stock = Client(host, "stock");
        using var body = new StringContent("""[{"key":"k","value":1}]""", System.Net.Http.Headers.MediaTypeHeaderValue.Parse("application/json"));

        Assert.Equal(204, await orders.PostAsync("/v1.0/state/store", body, TestSidecar.Cancellation).StatusAsync());
        Assert.Equal(200, await orders.GetAsync("/v1.0/state/store/k", TestSidecar.Cancellation).StatusAsync());
        Assert.Equal(204, await stock.GetAsync("/v1.0/state/store/k", TestSidecar.Cancellation).StatusAsync());
        Assert.Equal(204, await stock.GetAsync("/v1.0/state/only-stock/k", TestSidecar.Cancellation).StatusAsync());
        Assert.Equal(400, await stock.GetAsync("/v1.0/state/only-orders/k", TestSidecar.Cancellation).StatusAsync());
    }

    [Fact]
    public async Task MetricsPorts_OfTwoApps_TellEachItsOwn()
    {
        var settings = Read("version: 1\napps: [{appID: first-counted}, {appID: second-counted}]\n");
        var options = settings.Options with { WorkingDirectory = _folder, Apps = [.. settings.Options.Apps.Select(a => a with { MetricsPort = 0 })] };
        await using var host = await SidecarHost.StartAsync(options, NullLoggerFactory.Instance, TestSidecar.Cancellation);
        using var first = Client(host, "first-counted");
        using var second = Client(host, "second-counted");
        await first.GetAsync("/v1.0/metadata", TestSidecar.Cancellation).StatusAsync();
        await second.GetAsync("/v1.0/metadata", TestSidecar.Cancellation).StatusAsync();
        using var prometheus = new HttpClient();
        var text = "";
        // An answer may be with its caller a moment before it is counted.
        while (!text.Contains("second-counted", StringComparison.Ordinal))
        {
            text = await prometheus.GetStringAsync(host.AppMetricsEndpoint("second-counted"), TestSidecar.Cancellation);
        }

        Assert.DoesNotContain("first-counted", text, StringComparison.Ordinal);
    }

    private static HttpClient Client(SidecarHost host, string app)
    {
        var client = new HttpClient { BaseAddress = host.HttpEndpoint(app) };
        client.DefaultRequestHeaders.Add("dapr-api-token", Process["DAPR_API_TOKEN"]);
        return client;
    }

    [Fact]
    public void Read_MutualTls_IsOneForTheProcess()
    {
        string[] flags = ["--enable-mtls", "--sentry-address", "sentry:5"];
        Assert.Equal("pem", Read("{version: 1, common: {env: {DAPR_TRUST_ANCHORS: pem}}, apps: [{appID: a}, {appID: b}]}", flags).Options.MutualTls?.TrustAnchors);
        var differing = Flags("{version: 1, apps: [{appID: a, env: {DAPR_TRUST_ANCHORS: pem}}, {appID: b, env: {DAPR_TRUST_ANCHORS: other}}]}", flags);
        Assert.Null(RunFile.Read(differing, Process));
        Assert.Contains("'env: DAPR_TRUST_ANCHORS' differs between 'a' and 'b'", Assert.Single(differing.Faults), StringComparison.Ordinal);
    }

    private SidecarSettings Read(string text, params string[] beside)
    {
        var flags = Flags(text, beside);
        var settings = RunFile.Read(flags, Process);
        Assert.Empty(flags.Faults);
        return settings!;
    }

    private FlagReader Flags(string text, params string[] beside)
    {
        var file = Path.Combine(_folder, "dapr.yaml");
        File.WriteAllText(file, text);
        return FlagReader.Read(["--run-file", file, .. beside]);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
