using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.CommandLine;

/// <summary>What daprd's flags and environment ask for.</summary>
internal sealed record SidecarSettings(SidecarOptions Options, LogLevel LogLevel, bool LogAsJson)
{
    /// <summary>How long the sidecar goes on after it was told to stop, unless its app becomes unhealthy; null: not at all.</summary>
    public TimeSpan? BlockShutdown { get; private init; }

    /// <summary>Takes the log in place of the standard output; null: nothing does.</summary>
    public string? LogFile { get; private init; }

    public const int DefaultHttpPort = 3500;
    private const int DefaultGrpcPort = 50001;
    private const string Loopback = "127.0.0.1";

    /// <summary>Null when there are faults; they are the reader's.</summary>
    public static SidecarSettings? From(FlagReader flags, IReadOnlyDictionary<string, string> environment)
    {
        if (flags["app-id"] is not { Length: > 0 } && !flags.Faults.Exists(f => f.StartsWith("--app-id ", StringComparison.Ordinal)))
        {
            flags.Faults.Add($"{flags.Called("app-id")} is missing: an app has a name.");
        }

        CheckMode(flags);
        var options = new SidecarOptions
        {
            Namespace = environment.GetValueOrDefault("NAMESPACE") is { Length: > 0 } space ? space : "default",
            ResourcesPaths = [.. flags.List("resources-path"), .. flags.List("components-path")],
            WatchesResources = true,
            ConfigurationPaths = flags.List("config"),
            MetricsPort = flags["enable-metrics"] == "false" ? null : flags.Port("metrics-port", null),
            MetricsListenAddress = Address(flags, "metrics-listen-address") ?? Loopback,
            MaxHeaderSize = (int)Size(flags, "read-buffer-size", "dapr-http-read-buffer-size", 1 << 10, SidecarOptions.DefaultMaxHeaderSize),
            ListenAddresses = ListenAddresses(flags),
            InternalListenAddress = Address(flags, "dapr-internal-grpc-listen-address"),
            MutualTls = flags.Is("enable-mtls") ? MutualTlsFlags.Read(flags, environment) : null,
            PublicListenAddress = Address(flags, "dapr-public-listen-address") ?? Loopback,
            AllowedOrigins = flags.List("allowed-origins"),
            MaxBodySize = Size(flags, "max-body-size", "dapr-http-max-request-size", 1 << 20, SidecarOptions.DefaultMaxBodySize),
            ShutdownTimeout = ShutdownTimeout(flags),
            Environment = environment,
            Apps = [App(flags, environment)],
        };
        var block = flags["dapr-block-shutdown-duration"] is { Length: > 0 } ? Duration(flags, "dapr-block-shutdown-duration") : (TimeSpan?)null;
        var (level, json) = (Level(flags), flags.Is("log-as-json"));
        return flags.Faults.Count == 0 ? new SidecarSettings(options, level, json) { BlockShutdown = block, LogFile = flags["log-file"] is { Length: > 0 } file ? file : null } : null;
    }

    private static SidecarAppOptions App(FlagReader flags, IReadOnlyDictionary<string, string> environment)
    {
        if (!Enum.TryParse<AppProtocol>(flags["app-protocol"] ?? "http", ignoreCase: true, out var protocol) || int.TryParse(flags["app-protocol"], out _))
        {
            flags.Faults.Add($"{flags.Called("app-protocol")} must be http, https, h2c, grpc or grpcs, and is '{flags["app-protocol"]}'.");
        }

        var scheme = protocol is AppProtocol.Https or AppProtocol.Grpcs ? "https" : "http";
        var address = flags["app-channel-address"] is { Length: > 0 } given ? given : "127.0.0.1";
        var disabled = DisabledInitEndpoints(flags);
        var port = flags.Port("app-port", null) is > 0 and var p ? p : (int?)null;
        return new SidecarAppOptions
        {
            AppId = flags["app-id"] ?? "",
            AppEndpoint = port is { } appPort && Uri.TryCreate($"{scheme}://{address}:{appPort.ToString(CultureInfo.InvariantCulture)}", UriKind.Absolute, out var endpoint) ? endpoint : null,
            AppProtocol = protocol,
            HttpPort = flags.Port("dapr-http-port", DefaultHttpPort)!.Value,
            GrpcPort = flags.Port("dapr-grpc-port", DefaultGrpcPort)!.Value,
            InternalGrpcPort = flags.Port("dapr-internal-grpc-port", null),
            Identity = environment.GetValueOrDefault("SENTRY_LOCAL_IDENTITY") is { Length: > 0 } identity ? identity : null,
            PublicPort = flags.Port("dapr-public-port", null),
            UnixSocketFolder = flags["unix-domain-socket"] is { Length: > 0 } sockets ? sockets : null,
            HealthCheck = Health(flags),
            MaxConcurrency = flags["app-max-concurrency"] is null or "" or "-1" or "0" ? null : flags.Count("app-max-concurrency", 1),
            AsksForSubscriptions = !disabled.Contains("subscribe"),
            AsksForConfiguration = !disabled.Contains("config"),
            LogsApiCalls = flags.Is("enable-api-logging"),
            ApiToken = environment.GetValueOrDefault("DAPR_API_TOKEN") is { Length: > 0 } api ? api : null,
            AppToken = environment.GetValueOrDefault("APP_API_TOKEN") is { Length: > 0 } app ? app : null,
        };
    }

    private static IReadOnlyList<string> DisabledInitEndpoints(FlagReader flags)
    {
        var names = flags.List("disable-init-endpoints");
        if (names.FirstOrDefault(n => n is not ("config" or "subscribe")) is { } unknown)
        {
            flags.Faults.Add($"{flags.Called("disable-init-endpoints")} knows config and subscribe, and not '{unknown}'.");
        }

        return names;
    }

    private static AppHealthOptions? Health(FlagReader flags)
    {
        var given = new AppHealthOptions();
        var health = given with
        {
            Path = flags["app-health-check-path"] is { Length: > 0 } path ? path : given.Path,
            Interval = TimeSpan.FromSeconds(flags.Count("app-health-probe-interval", (int)given.Interval.TotalSeconds)),
            Timeout = TimeSpan.FromMilliseconds(flags.Count("app-health-probe-timeout", (int)given.Timeout.TotalMilliseconds)),
            Threshold = flags.Count("app-health-threshold", given.Threshold),
        };
        return flags.Is("enable-app-health-check") ? health : null;
    }

    private static void CheckMode(FlagReader flags)
    {
        if (flags["mode"] is { } mode and not "standalone")
        {
            flags.Faults.Add($"--mode {mode}: the embedded engine is standalone. On Kubernetes run daprd.");
        }
    }

    /// <summary>Loopback unless told otherwise, where daprd listens on every address.</summary>
    private static IReadOnlyList<string> ListenAddresses(FlagReader flags)
    {
        var addresses = flags.List("dapr-listen-addresses").Select(a => (Given: a, Address: Address(a))).ToArray();
        if (addresses.FirstOrDefault(a => a.Address is null) is { Given: { } wrong })
        {
            flags.Faults.Add($"{flags.Called("dapr-listen-addresses")} must be IP addresses, and has '{wrong}'.");
        }

        return addresses.Length == 0 ? [Loopback] : [.. addresses.Select(a => a.Address).OfType<string>().Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Null where the flag is not given.</summary>
    private static string? Address(FlagReader flags, string name)
    {
        if (flags[name] is not { Length: > 0 } text)
        {
            return null;
        }

        if (Address(text) is not { } address)
        {
            flags.Faults.Add($"{flags.Called(name)} must be an IP address, and is '{text}'.");
            return null;
        }

        return address;
    }

    private static string? Address(string text) => text == "localhost" ? Loopback : IPAddress.TryParse(text.Trim('[', ']'), out var address) ? address.ToString() : null;

    /// <summary>By its flag, or by the one that daprd had before, whose value is a number of units.</summary>
    private static long Size(FlagReader flags, string name, string older, int unit, long otherwise)
    {
        if (flags[name] is not { Length: > 0 } text)
        {
            var units = flags.Count(older, 0);
            return units == 0 ? otherwise : Math.Min((long)units * unit, int.MaxValue);
        }

        if (Quantity.TryParse(text, out var bytes))
        {
            return bytes;
        }

        flags.Faults.Add($"{flags.Called(name)} must be a size such as 4Mi, below 2Gi, and is '{text}'.");
        return otherwise;
    }

    private static TimeSpan ShutdownTimeout(FlagReader flags)
    {
        if (flags["dapr-graceful-shutdown-seconds"] is not { } text)
        {
            return SidecarOptions.DefaultShutdownTimeout;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
        {
            return TimeSpan.FromSeconds(seconds);
        }

        flags.Faults.Add($"{flags.Called("dapr-graceful-shutdown-seconds")} must be a number of seconds, and is '{text}'.");
        return SidecarOptions.DefaultShutdownTimeout;
    }

    private static TimeSpan Duration(FlagReader flags, string name)
    {
        if (Components.GoDuration.TryParse(flags[name], out var duration) && duration >= TimeSpan.Zero)
        {
            return duration;
        }

        flags.Faults.Add($"{flags.Called(name)} must be a duration such as 30s, and is '{flags[name]}'.");
        return TimeSpan.Zero;
    }

    private static LogLevel Level(FlagReader flags)
    {
        switch ((flags["log-level"] ?? "info").ToLowerInvariant())
        {
            case "debug":
                return LogLevel.Debug;
            case "info":
                return LogLevel.Information;
            case "warn":
                return LogLevel.Warning;
            case "error":
                return LogLevel.Error;
            case "fatal":
                return LogLevel.Critical;
            default:
                flags.Faults.Add($"{flags.Called("log-level")} must be debug, info, warn, error or fatal, and is '{flags["log-level"]}'.");
                return LogLevel.Information;
        }
    }
}
