using EdgeMesh.Sidecar.CommandLine;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.Tests.CommandLine;

public sealed class FlagReaderTests
{
    private static readonly Dictionary<string, string> NoEnvironment = [];

    [Theory]
    [InlineData("--app-id", "a", "--app-port", "5000", "--dapr-http-port", "3600")]
    [InlineData("-app-id", "a", "-app-port", "5000", "-dapr-http-port", "3600")]
    [InlineData("--app-id=a", "--app-port=5000", "--dapr-http-port=3600")]
    [InlineData("-app-id=a", "-app-port=5000", "-dapr-http-port=3600")]
    [InlineData("--app-id=other", "--app-id=a", "--app-port", "5000", "--dapr-http-port=3600", "--log-as-json", "--enable-metrics", "false")]
    public void Read_EveryForm_IsTheSame(params string[] args)
    {
        var settings = SidecarSettings.From(FlagReader.Read(args), NoEnvironment);
        Assert.NotNull(settings);
        var app = Assert.Single(settings.Options.Apps);
        Assert.Equal(("a", new Uri("http://127.0.0.1:5000"), 3600, 50001), (app.AppId, app.AppEndpoint, app.HttpPort, app.GrpcPort));
    }

    [Fact]
    public void From_WhatLaunchersPass_IsTaken()
    {
        string[] args =
        [
            "--app-id", "a", "--app-port", "5000", "--app-protocol", "http", "--dapr-http-port", "0", "--dapr-grpc-port", "0", "--dapr-internal-grpc-port", "1", "--dapr-public-port", "2",
            "--metrics-port", "3", "--profile-port", "-1", "--resources-path", "x,y", "--resources-path", "z", "--mode", "standalone", "--placement-host-address", "localhost:50005",
            "--scheduler-host-address", "localhost:50006", "--log-level", "debug", "--app-health-threshold", "3", "--dapr-listen-addresses", "127.0.0.1", "--app-max-concurrency", "-1",
            "--max-body-size", "8Mi", "--dapr-graceful-shutdown-seconds", "9", "--enable-app-health-check=false", "--allowed-origins", "*", "--log-as-json", "true",
        ];
        var environment = new Dictionary<string, string> { ["NAMESPACE"] = "clinic-a", ["DAPR_API_TOKEN"] = "in", ["APP_API_TOKEN"] = "out" };
        var flags = FlagReader.Read(args);
        var settings = SidecarSettings.From(flags, environment);
        Assert.Empty(flags.Faults);
        Assert.NotNull(settings);
        Assert.Equal(["x", "y", "z"], settings.Options.ResourcesPaths);
        Assert.Equal(("clinic-a", 8L * 1024 * 1024, TimeSpan.FromSeconds(9), LogLevel.Debug, true), (settings.Options.Namespace, settings.Options.MaxBodySize, settings.Options.ShutdownTimeout, settings.LogLevel, settings.LogAsJson));
        Assert.Equal(("in", "out"), (settings.Options.Apps[0].ApiToken, settings.Options.Apps[0].AppToken));
    }

    [Theory]
    [InlineData("--app-idd is not a flag of daprd", "--app-id", "a", "--app-idd", "b")]
    [InlineData("--app-id is missing", "--app-port", "1")]
    [InlineData("--app-id needs a value", "--app-id")]
    [InlineData("'stray' is no flag", "--app-id", "a", "stray")]
    [InlineData("--app-port must be a port", "--app-id", "a", "--app-port", "65536")]
    [InlineData("--app-protocol must be http, https, h2c, grpc or grpcs, and is 'ftp'", "--app-id", "a", "--app-protocol", "ftp")]
    [InlineData("--app-health-threshold must be a number of 1 or more, and is '0'", "--app-id", "a", "--app-health-threshold", "0")]
    [InlineData("--mode kubernetes", "--app-id", "a", "--mode", "kubernetes")]
    [InlineData("--enable-mtls needs the trust anchors: DAPR_TRUST_ANCHORS", "--app-id", "a", "--enable-mtls", "--sentry-address", "127.0.0.1:5")]
    [InlineData("--enable-profiling true", "--app-id", "a", "--enable-profiling")]
    [InlineData("--enable-metrics must be true or false, and is 'perhaps'", "--app-id", "a", "--enable-metrics=perhaps")]
    [InlineData("--dapr-http-max-request-size must be a number", "--app-id", "a", "--dapr-http-max-request-size", "4Mi")]
    [InlineData("--dapr-public-listen-address must be an IP address", "--app-id", "a", "--dapr-public-listen-address", "here")]
    [InlineData("--app-max-concurrency must be a number", "--app-id", "a", "--app-max-concurrency", "some")]
    [InlineData("--disable-init-endpoints knows config and subscribe, and not 'all'", "--app-id", "a", "--disable-init-endpoints", "config,all")]
    [InlineData("--dapr-block-shutdown-duration must be a duration", "--app-id", "a", "--dapr-block-shutdown-duration", "soon")]
    [InlineData("--metrics-listen-address must be an IP address", "--app-id", "a", "--metrics-listen-address", "here")]
    [InlineData("--read-buffer-size must be a size", "--app-id", "a", "--read-buffer-size", "lots")]
    [InlineData("--max-body-size must be a size", "--app-id", "a", "--max-body-size", "lots")]
    [InlineData("--log-level must be", "--app-id", "a", "--log-level", "loud")]
    [InlineData("--dapr-listen-addresses must be IP addresses, and has 'a'", "--app-id", "a", "--dapr-listen-addresses", "127.0.0.1,a")]
    [InlineData("--dapr-graceful-shutdown-seconds must be", "--app-id", "a", "--dapr-graceful-shutdown-seconds", "soon")]
    public void From_WhatCannotBe_IsRefusedByName(string expected, params string[] args)
    {
        var flags = FlagReader.Read(args);
        Assert.Null(SidecarSettings.From(flags, NoEnvironment));
        Assert.Contains(expected, Assert.Single(flags.Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Info", LogLevel.Information)]
    [InlineData("WARN", LogLevel.Warning)]
    public void From_LogLevel_MayBeInAnyCase(string flag, LogLevel expected) =>
        Assert.Equal(expected, SidecarSettings.From(FlagReader.Read(["--app-id", "a", "--log-level", flag]), NoEnvironment)?.LogLevel);

    [Fact]
    public void From_MutualTls_IsAsFlagsAndEnvironmentSay()
    {
        Dictionary<string, string> environment = new() { ["DAPR_TRUST_ANCHORS"] = "pem", ["DAPR_CONTROLPLANE_NAMESPACE"] = "dapr-system" };
        string[] args = ["--app-id", "a", "--sentry-address", "sentry:5", "--control-plane-trust-domain", "cluster"];
        Assert.Null(SidecarSettings.From(FlagReader.Read(args), environment)!.Options.MutualTls);
        Assert.Equal(
            new MutualTlsOptions { SentryAddress = "sentry:5", TrustAnchors = "pem", ControlPlaneTrustDomain = "cluster", ControlPlaneNamespace = "dapr-system" },
            SidecarSettings.From(FlagReader.Read([.. args, "--enable-mtls"]), environment)!.Options.MutualTls);
    }

    [Theory]
    [InlineData("--enable-mtls needs sentry: --sentry-address", "", "DAPR_TRUST_ANCHORS")]
    [InlineData("DAPR_TRUST_ANCHORS and DAPR_TRUST_ANCHORS_FILE are both there", "sentry:5", "DAPR_TRUST_ANCHORS", "DAPR_TRUST_ANCHORS_FILE")]
    [InlineData("DAPR_SENTRY_TOKEN_FILE", "sentry:5", "DAPR_TRUST_ANCHORS_FILE", "DAPR_SENTRY_TOKEN_FILE")]
    public void From_MutualTlsThatCannotBe_IsRefusedByName(string expected, string sentry, params string[] variables)
    {
        var flags = FlagReader.Read(["--app-id", "a", "--enable-mtls", "--sentry-address", sentry]);
        Assert.Null(SidecarSettings.From(flags, variables.ToDictionary(v => v, _ => "given")));
        Assert.StartsWith(expected, Assert.Single(flags.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void From_WhereItListens_IsAsTheFlagsSay()
    {
        string[] args =
        [
            "--app-id", "a", "--dapr-listen-addresses", "[::1],localhost,127.0.0.1", "--dapr-internal-grpc-listen-address", "10.0.0.1", "--dapr-public-port", "5", "--dapr-public-listen-address", "10.0.0.2",
            "--unix-domain-socket", "/run/dapr", "--allowed-origins", "http://a,http://*.b", "--dapr-http-max-request-size", "8", "--dapr-http-read-buffer-size", "16", "--log-file", "x.log",
        ];
        var settings = SidecarSettings.From(FlagReader.Read(args), NoEnvironment)!;
        var options = settings.Options;
        Assert.Equal(["::1", "127.0.0.1"], options.ListenAddresses);
        Assert.Equal(("10.0.0.1", "10.0.0.2", 5, "/run/dapr"), (options.InternalListenAddress, options.PublicListenAddress, options.Apps[0].PublicPort, options.Apps[0].UnixSocketFolder));
        Assert.Equal(["http://a", "http://*.b"], options.AllowedOrigins);
        Assert.Equal((8L << 20, 16 << 10, "x.log"), (options.MaxBodySize, options.MaxHeaderSize, settings.LogFile));
    }

    [Fact]
    public void From_SeveralFaults_ListsEach()
    {
        var flags = FlagReader.Read(["--nonsense", "1", "--app-port", "x", "--mode", "y"]);
        Assert.Null(SidecarSettings.From(flags, NoEnvironment));
        Assert.Equal(4, flags.Faults.Count);
    }

    [Theory]
    [InlineData("4Mi", 4 << 20)]
    [InlineData("1.5Ki", 1536)]
    [InlineData("500k", 500_000)]
    [InlineData("77", 77)]
    [InlineData("", 0)]
    [InlineData("-1", 0)]
    [InlineData("9Gi", 0)]
    [InlineData("1Ti", 0)]
    public void TryParse_Quantities_AreKubernetes(string text, long expected) =>
        Assert.Equal((expected > 0, expected), (Quantity.TryParse(text, out var bytes), bytes));

    [Fact]
    public void From_HealthAndProtocol_AreTheApps()
    {
        string[] args = ["--app-id", "a", "--app-port", "5000", "--app-protocol", "grpcs", "--enable-app-health-check", "--app-health-check-path", "/up", "--app-health-probe-interval", "2", "--dapr-internal-grpc-port", "3"];
        var app = SidecarSettings.From(FlagReader.Read(args), NoEnvironment)!.Options.Apps[0];
        Assert.Equal((AppProtocol.Grpcs, new Uri("https://127.0.0.1:5000"), 3), (app.AppProtocol, app.AppEndpoint, app.InternalGrpcPort));
        Assert.Equal(new AppHealthOptions { Path = "/up", Interval = TimeSpan.FromSeconds(2), Timeout = TimeSpan.FromMilliseconds(500), Threshold = 3 }, app.HealthCheck);
    }
}
