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

/// <summary>What a flag's value must look like, whatever it says.</summary>
internal enum FlagValue
{
    Text,
    Switch,
    Number,
    Duration,
}

/// <param name="Name">Without dashes.</param>
/// <param name="Use">What becomes of it.</param>
/// <param name="Idle">Values of a refused flag that ask for nothing.</param>
internal sealed record Flag(string Name, FlagUse Use, params string[] Idle)
{
    public FlagValue Value { get; init; }

    /// <summary>May stand without a value.</summary>
    public bool IsSwitch => Value == FlagValue.Switch;
}

/// <summary>Every flag of daprd 1.18, those that it takes and no longer lists, and <c>--run-file</c>, which is the Dapr CLI's.</summary>
internal static class FlagTable
{
    public static readonly IReadOnlyDictionary<string, Flag> All = new[]
    {
        Served("app-id"), Served("app-port"), Served("app-protocol"), Served("app-channel-address"), Served("dapr-http-port"), Served("dapr-grpc-port"),
        Served("dapr-listen-addresses"), Served("resources-path"), Served("components-path"), Served("config"), Served("max-body-size"),
        Served("log-level"), Served("log-file"), Served("mode"), Served("dapr-graceful-shutdown-seconds", FlagValue.Number), Served("log-as-json", FlagValue.Switch), Served("version", FlagValue.Switch),
        Served("dapr-internal-grpc-port"), Served("dapr-internal-grpc-listen-address"), Served("dapr-public-port"), Served("dapr-public-listen-address"), Served("allowed-origins"),
        Served("unix-domain-socket"), Served("app-health-check-path"), Served("app-health-probe-interval", FlagValue.Number), Served("app-health-probe-timeout", FlagValue.Number),
        Served("app-health-threshold", FlagValue.Number), Served("enable-app-health-check", FlagValue.Switch), Served("app-max-concurrency", FlagValue.Number),
        Served("metrics-port"), Served("metrics-listen-address"), Served("enable-metrics", FlagValue.Switch), Served("read-buffer-size"), Served("disable-init-endpoints"),
        Served("dapr-http-read-buffer-size", FlagValue.Number), Served("dapr-http-max-request-size", FlagValue.Number), Served("dapr-block-shutdown-duration", FlagValue.Duration),
        Served("enable-api-logging", FlagValue.Switch), Served("wait", FlagValue.Switch), Served("build-info", FlagValue.Switch), Served("help", FlagValue.Switch),
        Served("enable-mtls", FlagValue.Switch), Served("sentry-address"), Served("control-plane-namespace"), Served("control-plane-trust-domain"),
        Served("run-file"),

        Harmless("profile-port"),
        Harmless("control-plane-address"), Harmless("sentry-request-jwt-audiences"), Harmless("placement-host-address"), Harmless("scheduler-host-address"), Harmless("scheduler-job-streams", FlagValue.Number),
        Harmless("actors-disseminate-timeout", FlagValue.Duration), Harmless("actors-service"), Harmless("disable-builtin-k8s-secret-store", FlagValue.Switch),

        RefusedSwitch("enable-profiling"), RefusedSwitch("app-ssl"),
    }.ToDictionary(f => f.Name, StringComparer.Ordinal);

    private static Flag Served(string name, FlagValue value = FlagValue.Text) => new(name, FlagUse.Served) { Value = value };

    private static Flag Harmless(string name, FlagValue value = FlagValue.Text) => new(name, FlagUse.Harmless) { Value = value };

    private static Flag RefusedSwitch(string name) => new(name, FlagUse.Refused, "false") { Value = FlagValue.Switch };
}
