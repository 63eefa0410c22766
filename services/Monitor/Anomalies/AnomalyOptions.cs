using System.Collections.Immutable;
using System.Globalization;

namespace EdgeMesh.Services.Monitor.Anomalies;

/// <summary>Which series are watched. Keys below <c>EdgeMesh:Monitor:Anomalies:</c>.</summary>
internal sealed record AnomalyOptions
{
    private const string Section = "EdgeMesh:Monitor:Anomalies";

    /// <summary><c>Series</c>: names parted by commas; one may end in <c>*</c>.</summary>
    public ImmutableArray<string> Series { get; init; } =
        ["http.server.request.duration", "messaging.*", "faas.*", "edgemesh.*", "dotnet.process.memory.working_set", "dotnet.process.cpu.time"];

    /// <summary><c>MostSeries</c>: so many are watched at once; about 6 KB each.</summary>
    public int MostSeries { get; init; } = 256;

    /// <summary>Whether a series of that name is watched.</summary>
    public bool Includes(string name) => Series.Any(s => s.EndsWith('*') ? name.StartsWith(s[..^1], StringComparison.Ordinal) : s == name);

    /// <exception cref="InvalidOperationException">Settings are wrong; the message lists all that are.</exception>
    public static AnomalyOptions Read(IConfiguration configuration)
    {
        var (section, usual) = (configuration.GetSection(Section), new AnomalyOptions());
        var series = section["Series"] is { } names ? [.. names.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)] : usual.Series;
        if (section["MostSeries"] is not { Length: > 0 } text)
        {
            return usual with { Series = series };
        }

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var most) && most <= 4096
            ? new() { Series = series, MostSeries = most }
            : throw new InvalidOperationException($"The anomalies' part can't start:{Environment.NewLine}  - {Section}:MostSeries is '{text}': give a whole number from 0 to 4096.");
    }
}
