using System.Globalization;
using System.Text.Json;
using EdgeMesh.Telemetry.Anomalies;

namespace EdgeMesh.LoadTests.Anomalies;

/// <summary>
/// The benchmark's files: <c>data/CATEGORY/NAME.csv</c>, windows and profiles, where the benchmark's own repository has them
/// (<c>labels/combined_windows.json</c>, <c>config/profiles.json</c>) or beside the data (<c>windows.json</c>, <c>profiles.json</c>).
/// </summary>
internal sealed record NabCorpus(IReadOnlyList<NabSeries> Series, IReadOnlyList<NabProfile> Profiles)
{
    /// <exception cref="FormatException">Something is missing or does not fit together; says what.</exception>
    public static NabCorpus Load(string folder)
    {
        var windows = Read<SortedDictionary<string, string[][]>>(folder, "windows.json", "labels/combined_windows.json");
        var profiles = Read<Dictionary<string, ProfileEntry>>(folder, "profiles.json", "config/profiles.json");
        if (!profiles.ContainsKey(NabProfile.StandardName))
        {
            throw new FormatException($"{folder}: the profiles have none named '{NabProfile.StandardName}'");
        }

        return new(
            [.. windows.Select(w => LoadSeries(folder, w.Key, w.Value))],
            [.. profiles.Select(p => new NabProfile(p.Key, p.Value.CostMatrix.TpWeight, p.Value.CostMatrix.FpWeight, p.Value.CostMatrix.FnWeight))]);
    }

    private static NabSeries LoadSeries(string folder, string name, string[][] windows)
    {
        var file = Path.Combine(folder, "data", name);
        if (!File.Exists(file))
        {
            throw new FormatException($"{file} is missing, and the windows name it");
        }

        var points = MeasurementFile.Read(file).ToArray();
        var times = points.Select(p => p.Time).ToArray();
        return new(name, points, [.. windows.Select(w => w is [var first, var last] ? new NabWindow(IndexOf(first), IndexOf(last)) : throw new FormatException($"{name}: a window is a first and a last timestamp"))]);

        int IndexOf(string timestamp)
        {
            var index = Array.IndexOf(times, DateTimeOffset.Parse(timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));
            return index >= 0 ? index : throw new FormatException($"{name}: no point is at {timestamp}, where a window begins or ends");
        }
    }

    private static T Read<T>(string folder, params string[] names)
    {
        var file = names.Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists)
            ?? throw new FormatException($"{folder} holds neither {string.Join(" nor ", names)}");
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllText(file), JsonSerializerOptions.Web) ?? throw new FormatException($"{file} is empty");
        }
        catch (JsonException e)
        {
            throw new FormatException($"{file}: {e.Message}", e);
        }
    }

    private sealed record ProfileEntry(Costs CostMatrix);

    private sealed record Costs(double TpWeight, double FnWeight, double FpWeight);
}
