using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;

namespace EdgeMesh.Sidecar.CommandLine;

/// <summary>What daprd's flags and environment ask for.</summary>
internal sealed record SidecarSettings(SidecarOptions Options, LogLevel LogLevel, bool LogAsJson, IReadOnlyList<string> Configurations)
{
    private const int DefaultHttpPort = 3500;
    private const int DefaultGrpcPort = 50001;

    /// <summary>Null when there are faults; they are the reader's.</summary>
    public static SidecarSettings? From(FlagReader flags, IReadOnlyDictionary<string, string> environment)
    {
        if (flags["app-id"] is not { Length: > 0 } && !flags.Faults.Exists(f => f.StartsWith("--app-id ", StringComparison.Ordinal)))
        {
            flags.Faults.Add("--app-id is missing: --app-id NAME.");
        }

        CheckMode(flags);
        var options = new SidecarOptions
        {
            Namespace = environment.GetValueOrDefault("NAMESPACE") is { Length: > 0 } space ? space : "default",
            ResourcesPaths = [.. flags.List("resources-path"), .. flags.List("components-path")],
            ListenAddress = ListenAddress(flags),
            MaxBodySize = MaxBodySize(flags),
            ShutdownTimeout = ShutdownTimeout(flags),
            Environment = environment,
            Apps = [App(flags, environment)],
        };
        var (level, json) = (Level(flags), flags.Is("log-as-json"));
        return flags.Faults.Count == 0 ? new SidecarSettings(options, level, json, flags.List("config")) : null;
    }

    private static SidecarAppOptions App(FlagReader flags, IReadOnlyDictionary<string, string> environment)
    {
        var protocol = flags["app-protocol"] ?? "http";
        if (protocol != "http")
        {
            flags.Faults.Add($"--app-protocol {protocol}: the embedded engine reaches apps by http alone. Leave it out, or run daprd.");
        }

        var address = flags["app-channel-address"] is { Length: > 0 } given ? given : "127.0.0.1";
        var port = flags.Port("app-port", null) is > 0 and var p ? p : (int?)null;
        return new SidecarAppOptions
        {
            AppId = flags["app-id"] ?? "",
            AppEndpoint = port is { } appPort && Uri.TryCreate($"http://{address}:{appPort.ToString(CultureInfo.InvariantCulture)}", UriKind.Absolute, out var endpoint) ? endpoint : null,
            HttpPort = flags.Port("dapr-http-port", DefaultHttpPort)!.Value,
            GrpcPort = flags.Port("dapr-grpc-port", DefaultGrpcPort)!.Value,
            ApiToken = environment.GetValueOrDefault("DAPR_API_TOKEN") is { Length: > 0 } api ? api : null,
            AppToken = environment.GetValueOrDefault("APP_API_TOKEN") is { Length: > 0 } app ? app : null,
        };
    }

    private static void CheckMode(FlagReader flags)
    {
        if (flags["mode"] is { } mode and not "standalone")
        {
            flags.Faults.Add($"--mode {mode}: the embedded engine is standalone. On Kubernetes run daprd.");
        }
    }

    /// <summary>Loopback unless told otherwise, where daprd listens on every address.</summary>
    private static string ListenAddress(FlagReader flags)
    {
        var addresses = flags.List("dapr-listen-addresses");
        if (addresses.Count == 0)
        {
            return "127.0.0.1";
        }

        if (addresses.Count == 1 && IPAddress.TryParse(addresses[0].Trim('[', ']'), out var address))
        {
            return address.ToString();
        }

        flags.Faults.Add($"--dapr-listen-addresses must be one IP address here, and is '{string.Join(',', addresses)}'.");
        return "127.0.0.1";
    }

    private static long MaxBodySize(FlagReader flags)
    {
        if (flags["max-body-size"] is not { } text)
        {
            return SidecarOptions.DefaultMaxBodySize;
        }

        if (Quantity.TryParse(text, out var bytes))
        {
            return bytes;
        }

        flags.Faults.Add($"--max-body-size must be a size such as 4Mi, below 2Gi, and is '{text}'.");
        return SidecarOptions.DefaultMaxBodySize;
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

        flags.Faults.Add($"--dapr-graceful-shutdown-seconds must be a number of seconds, and is '{text}'.");
        return SidecarOptions.DefaultShutdownTimeout;
    }

    private static LogLevel Level(FlagReader flags)
    {
        switch (flags["log-level"] ?? "info")
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
                flags.Faults.Add($"--log-level must be debug, info, warn, error or fatal, and is '{flags["log-level"]}'.");
                return LogLevel.Information;
        }
    }
}
