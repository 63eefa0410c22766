using System.Net;

namespace EdgeMesh.Services.Monitor;

/// <summary>What the service reads at start, checked. Keys below <c>EdgeMesh:Monitor:</c>.</summary>
internal sealed record MonitorOptions
{
    private const string Section = "EdgeMesh:Monitor";
    private const int MiB = 1024 * 1024;

    /// <summary>Bytes of one export, unpacked.</summary>
    public const int MostExport = 16 * MiB;

    /// <summary>Where the monitor's own sidecar reaches it, from <c>urls</c>.</summary>
    public IReadOnlyList<IPEndPoint> AppEndpoints { get; init; } = [];

    /// <summary><c>OtlpGrpcPort</c>: where telemetry comes in by gRPC, on loopback; null: nowhere.</summary>
    public int? OtlpGrpcPort { get; init; }

    /// <summary><c>OtlpHttpPort</c>: where telemetry comes in by HTTP, on loopback; null: nowhere.</summary>
    public int? OtlpHttpPort { get; init; }

    /// <summary><c>StoreBytes</c>: what the local store may hold on disk; past it the oldest of the least important goes first.</summary>
    public long StoreBytes { get; init; } = 512L * MiB;

    /// <summary><c>LogDays</c>: how long log lines are kept.</summary>
    public int LogDays { get; init; } = 14;

    /// <summary><c>TraceDays</c>: how long traces are kept.</summary>
    public int TraceDays { get; init; } = 3;

    /// <summary><c>MetricDays</c>: how long points of series are kept.</summary>
    public int MetricDays { get; init; } = 30;

    /// <summary><c>QueueBytes</c>: telemetry that waits to be written; more is refused for a moment.</summary>
    public int QueueBytes { get; init; } = 16 * MiB;

    /// <summary>The core to which this site's telemetry goes, from the directory of the mesh; null: this is one, or there is none.</summary>
    public string? Core { get; init; }

    /// <summary><c>ForwardBytesADay</c>: what the link may carry of telemetry in a day (UTC).</summary>
    public long ForwardBytesADay { get; init; } = 64L * MiB;

    /// <summary><c>ForwardBytesASecond</c>: and in a second.</summary>
    public int ForwardBytesASecond { get; init; } = 64 * 1024;

    /// <summary><c>ForwardLevel</c>: log lines of less than this stay here.</summary>
    public LogLevel ForwardLevel { get; init; } = LogLevel.Information;

    /// <summary><c>ForwardRows</c>: log lines and spans that may wait for the link.</summary>
    public int ForwardRows { get; init; } = 500_000;

    /// <summary><c>RollUpSeconds</c>: the core gets one point of each series for so much time.</summary>
    public int RollUpSeconds { get; init; } = 60;

    /// <exception cref="InvalidOperationException">Settings are wrong; the message lists all that are.</exception>
    public static MonitorOptions Read(IConfiguration configuration)
    {
        var (reader, usual) = (new OptionReader(configuration, Section), new MonitorOptions());
        var options = new MonitorOptions
        {
            AppEndpoints = [.. Addresses(configuration["urls"] ?? "http://127.0.0.1:5000", reader)],
            OtlpGrpcPort = reader.Number("OtlpGrpcPort", 0, 1, IPEndPoint.MaxPort) is > 0 and var grpc ? grpc : null,
            OtlpHttpPort = reader.Number("OtlpHttpPort", 0, 1, IPEndPoint.MaxPort) is > 0 and var http ? http : null,
            StoreBytes = reader.Number("StoreBytes", usual.StoreBytes, 1 * MiB, 1L << 40),
            LogDays = reader.Number("LogDays", usual.LogDays, 1, 3650),
            TraceDays = reader.Number("TraceDays", usual.TraceDays, 1, 3650),
            MetricDays = reader.Number("MetricDays", usual.MetricDays, 1, 3650),
            QueueBytes = reader.Number("QueueBytes", usual.QueueBytes, 64 * 1024, 1 << 30),
            ForwardBytesADay = reader.Number("ForwardBytesADay", usual.ForwardBytesADay, 64 * 1024, 1L << 50),
            ForwardBytesASecond = reader.Number("ForwardBytesASecond", usual.ForwardBytesASecond, 1024, 1 << 30),
            ForwardLevel = reader.Choice("ForwardLevel", usual.ForwardLevel),
            ForwardRows = reader.Number("ForwardRows", usual.ForwardRows, 1000, 100_000_000),
            RollUpSeconds = reader.Number("RollUpSeconds", usual.RollUpSeconds, 10, 600),
        };
        reader.Done();
        return options;
    }

    private static IEnumerable<IPEndPoint> Addresses(string urls, OptionReader reader)
    {
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback)
            {
                yield return new(IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) ? address : IPAddress.Loopback, uri.Port);
            }
            else
            {
                reader.Fault($"urls has '{url}': the monitor is for its own sidecar and the gateway; give an http address on loopback, such as http://127.0.0.1:5000.");
            }
        }
    }
}
