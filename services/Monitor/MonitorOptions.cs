using System.Globalization;

namespace EdgeMesh.Services.Monitor;

/// <summary>What the service reads at start, checked. Keys below <c>EdgeMesh:Monitor:</c>.</summary>
internal sealed record MonitorOptions
{
    private const string Section = "EdgeMesh:Monitor";
    private const int MiB = 1024 * 1024;

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

    /// <exception cref="InvalidOperationException">Settings are wrong; the message lists all that are.</exception>
    public static MonitorOptions Read(IConfiguration configuration)
    {
        var (section, usual, faults) = (configuration.GetSection(Section), new MonitorOptions(), new List<string>());
        var options = new MonitorOptions
        {
            StoreBytes = Number("StoreBytes", usual.StoreBytes, 1 * MiB, 1L << 40),
            LogDays = (int)Number("LogDays", usual.LogDays, 1, 3650),
            TraceDays = (int)Number("TraceDays", usual.TraceDays, 1, 3650),
            MetricDays = (int)Number("MetricDays", usual.MetricDays, 1, 3650),
            QueueBytes = (int)Number("QueueBytes", usual.QueueBytes, 64 * 1024, 1 << 30),
        };
        return faults.Count == 0 ? options : throw new InvalidOperationException("The monitor can't start:" + string.Concat(faults.Select(f => Environment.NewLine + "  - " + f)));

        long Number(string key, long otherwise, long least, long most)
        {
            if (section[key] is not { Length: > 0 } text)
            {
                return otherwise;
            }

            if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most)
            {
                return value;
            }

            faults.Add(string.Create(CultureInfo.InvariantCulture, $"{Section}:{key} is '{text}': give a whole number from {least} to {most}."));
            return otherwise;
        }
    }
}
