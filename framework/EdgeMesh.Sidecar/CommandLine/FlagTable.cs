namespace EdgeMesh.Sidecar.CommandLine;

/// <summary>What becomes of a flag of daprd.</summary>
internal enum FlagUse
{
    /// <summary>Does here what it does there.</summary>
    Served,

    /// <summary>Concerns something that one process does not need, or that changes nothing an app can see: taken, without effect.</summary>
    Harmless,

    /// <summary>Asks for something that is not here, unless its value is one that asks for nothing.</summary>
    Refused,
}

/// <param name="Name">Without dashes.</param>
/// <param name="Use">What becomes of it.</param>
/// <param name="Idle">Values of a refused flag that ask for nothing.</param>
internal sealed record Flag(string Name, FlagUse Use, params string[] Idle)
{
    /// <summary>May stand without a value.</summary>
    public bool IsSwitch { get; init; }
}

/// <summary>Every flag of daprd 1.18, and <c>--run-file</c>, which is the Dapr CLI's.</summary>
internal static class FlagTable
{
    public static readonly IReadOnlyDictionary<string, Flag> All = new[]
    {
        Served("app-id"), Served("app-port"), Served("app-protocol"), Served("app-channel-address"), Served("dapr-http-port"), Served("dapr-grpc-port"),
        Served("dapr-listen-addresses"), Served("resources-path"), Served("components-path"), Served("config"), Served("max-body-size"),
        Served("log-level"), Served("mode"), Served("dapr-graceful-shutdown-seconds"), ServedSwitch("log-as-json"), ServedSwitch("version"),
        Served("dapr-internal-grpc-port"), Served("app-health-check-path"), Served("app-health-probe-interval"), Served("app-health-probe-timeout"), Served("app-health-threshold"),
        Served("metrics-port"), Served("metrics-listen-address"), ServedSwitch("enable-metrics"), Served("read-buffer-size"), Served("app-max-concurrency"),
        Served("dapr-block-shutdown-duration"), Served("disable-init-endpoints"), ServedSwitch("enable-app-health-check"), ServedSwitch("build-info"), ServedSwitch("help"), ServedSwitch("enable-api-logging"),
        Served("run-file"),

        Harmless("dapr-internal-grpc-listen-address"), Harmless("dapr-public-port"), Harmless("dapr-public-listen-address"),
        Harmless("profile-port"),
        Harmless("control-plane-address"), Harmless("control-plane-namespace"), Harmless("control-plane-trust-domain"), Harmless("sentry-address"),
        Harmless("sentry-request-jwt-audiences"), Harmless("placement-host-address"), Harmless("scheduler-host-address"), Harmless("scheduler-job-streams"),
        Harmless("actors-disseminate-timeout"), Harmless("actors-service"), HarmlessSwitch("disable-builtin-k8s-secret-store"),

        Refused("allowed-origins", "*", ""), Refused("unix-domain-socket", ""), Refused("log-file", ""),
        RefusedSwitch("enable-mtls"), RefusedSwitch("enable-profiling"), RefusedSwitch("app-ssl"), RefusedSwitch("wait"),
    }.ToDictionary(f => f.Name, StringComparer.Ordinal);

    private static Flag Served(string name) => new(name, FlagUse.Served);

    private static Flag ServedSwitch(string name) => new(name, FlagUse.Served) { IsSwitch = true };

    private static Flag Harmless(string name) => new(name, FlagUse.Harmless);

    private static Flag HarmlessSwitch(string name) => new(name, FlagUse.Harmless) { IsSwitch = true };

    private static Flag Refused(string name, params string[] idle) => new(name, FlagUse.Refused, idle);

    private static Flag RefusedSwitch(string name) => new(name, FlagUse.Refused, "false") { IsSwitch = true };
}
