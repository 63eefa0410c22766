using System.Collections.Immutable;

namespace EdgeMesh.Services.Monitor.Anomalies;

/// <summary>Which series are watched. Keys below <c>EdgeMesh:Monitor:Anomalies:</c>.</summary>
internal sealed record AnomalyOptions
{
    private const string Section = "EdgeMesh:Monitor:Anomalies";

    /// <summary><c>Series</c>: names parted by commas (<see cref="NamePattern"/>).</summary>
    public ImmutableArray<string> Series { get; init; } =
        ["http.server.request.duration", "messaging.*", "faas.*", "edgemesh.*", "dotnet.process.memory.working_set", "dotnet.process.cpu.time"];

    /// <summary><c>MostSeries</c>: so many are watched at once; about 6 KB each.</summary>
    public int MostSeries { get; init; } = 256;

    /// <exception cref="InvalidOperationException">Settings are wrong; the message lists all that are.</exception>
    public static AnomalyOptions Read(IConfiguration configuration)
    {
        var (reader, usual) = (new OptionReader(configuration, Section), new AnomalyOptions());
        var options = new AnomalyOptions { Series = reader.Texts("Series", usual.Series), MostSeries = reader.Number("MostSeries", usual.MostSeries, 0, 4096) };
        reader.Done();
        return options;
    }
}
