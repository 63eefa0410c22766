namespace EdgeMesh.Sidecar.CommandLine.RunFiles;

/// <summary>What the Dapr CLI's run file may say, and the flag that stands for it.</summary>
internal static class RunFileKeys
{
    /// <summary>Of <c>common</c>, and of an app, which goes before it.</summary>
    public static readonly IReadOnlyDictionary<string, string> Shared = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["configFilePath"] = "config",
        ["appProtocol"] = "app-protocol",
        ["apiListenAddresses"] = "dapr-listen-addresses",
        ["enableProfiling"] = "enable-profiling",
        ["logLevel"] = "log-level",
        ["appMaxConcurrency"] = "app-max-concurrency",
        ["placementHostAddress"] = "placement-host-address",
        ["schedulerHostAddress"] = "scheduler-host-address",
        ["resourcesPath"] = "resources-path",
        ["resourcesPaths"] = "resources-path",
        ["appSSL"] = "app-ssl",
        ["maxBodySize"] = "max-body-size",
        ["readBufferSize"] = "read-buffer-size",
        ["enableAppHealthCheck"] = "enable-app-health-check",
        ["appHealthCheckPath"] = "app-health-check-path",
        ["appHealthProbeInterval"] = "app-health-probe-interval",
        ["appHealthProbeTimeout"] = "app-health-probe-timeout",
        ["appHealthThreshold"] = "app-health-threshold",
        ["enableApiLogging"] = "enable-api-logging",
    };

    /// <summary>Of an app alone.</summary>
    public static readonly IReadOnlyDictionary<string, string> Own = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["appID"] = "app-id",
        ["appChannelAddress"] = "app-channel-address",
        ["appPort"] = "app-port",
        ["daprHTTPPort"] = "dapr-http-port",
        ["daprGRPCPort"] = "dapr-grpc-port",
        ["daprInternalGRPCPort"] = "dapr-internal-grpc-port",
        ["metricsPort"] = "metrics-port",
        ["profilePort"] = "profile-port",
        ["unixDomainSocket"] = "unix-domain-socket",
    };

    /// <summary>For whoever starts the apps, or reads their logs.</summary>
    private static readonly string[] SharedOther = ["env", "runtimePath", "daprdLogDestination", "appLogDestination"];
    private static readonly string[] OwnOther = ["appDirPath", "command", "containerImage", "containerImagePullPolicy", "createService"];

    public static readonly string[] OfCommon = [.. Shared.Keys, .. SharedOther];

    public static readonly string[] OfApp = [.. Own.Keys, .. Shared.Keys, .. SharedOther, .. OwnOther];

    /// <summary>Flags that go for the whole process, and so may stand beside <c>--run-file</c>.</summary>
    public static readonly string[] Beside =
    [
        "run-file", "log-level", "log-as-json", "metrics-listen-address", "dapr-listen-addresses", "max-body-size", "read-buffer-size", "dapr-graceful-shutdown-seconds",
        "dapr-block-shutdown-duration", "mode", "enable-mtls", "sentry-address", "control-plane-namespace", "control-plane-trust-domain",
    ];
}
