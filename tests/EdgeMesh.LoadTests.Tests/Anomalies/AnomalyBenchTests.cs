using System.Globalization;
using EdgeMesh.LoadTests.Anomalies;

namespace EdgeMesh.LoadTests.Tests.Anomalies;

/// <summary>On a small corpus of its own: a short rhythm with one spike in each series.</summary>
public sealed class AnomalyBenchTests : IDisposable
{
    private const int Points = 1000;
    private const int Spike = 600;
    private readonly string folder = Directory.CreateTempSubdirectory("edgemesh-nab-").FullName;

    public AnomalyBenchTests()
    {
        Write("profiles.json", """{"standard":{"CostMatrix":{"tpWeight":1.0,"fnWeight":1.0,"fpWeight":0.11,"tnWeight":1.0}}}""");
        Write("windows.json", $$"""{"one/a.csv":[["{{At(Spike)}}.000000","{{At(Spike + 99)}}.000000"]],"two/b.csv":[["{{At(Spike)}}.000000","{{At(Spike + 99)}}.000000"]]}""");
        Write("data/one/a.csv", Series(size: 1));
        Write("data/two/b.csv", Series(size: 1024));
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Load_Corpus_PutsWindowsAtTheirPoints()
    {
        var corpus = NabCorpus.Load(folder);

        Assert.Equal(["one", "two"], corpus.Series.Select(s => s.Category));
        Assert.All(corpus.Series, s => Assert.Equal(new NabWindow(Spike, Spike + 99), Assert.Single(s.Windows)));
        Assert.Equal(new NabProfile("standard", 1, 0.11, 1), Assert.Single(corpus.Profiles));
    }

    [Fact]
    public void Load_RepositoryOfTheBenchmark_IsUnderstoodToo()
    {
        Directory.CreateDirectory(Path.Combine(folder, "labels"));
        Directory.CreateDirectory(Path.Combine(folder, "config"));
        File.Move(Path.Combine(folder, "windows.json"), Path.Combine(folder, "labels", "combined_windows.json"));
        File.Move(Path.Combine(folder, "profiles.json"), Path.Combine(folder, "config", "profiles.json"));

        Assert.Equal(2, NabCorpus.Load(folder).Series.Count);
    }

    [Fact]
    public void Measure_SpikeAtTheStartOfEachWindow_IsAHundredByEveryMeasure()
    {
        var figures = Assert.Single(AnomalyBench.MeasureOurs(NabCorpus.Load(folder)));

        Assert.Equal(100, figures.Score);
        Assert.Equal(100, figures.BestScore);
        Assert.Equal(100, figures.CrossValidatedScore);
        Assert.Equal([100.0, 100.0], figures.Categories.Values);
        Assert.True(figures.NanosecondsPerPoint > 0);
    }

    [Fact]
    public void Baselines_OnASpike_AllScoreIt()
    {
        var series = NabCorpus.Load(folder).Series[0];

        Assert.All(Baselines.All, b =>
        {
            var scorer = b.Create();
            var scores = series.Points.Select(p => scorer(p)).ToArray();
            Assert.Equal(Spike, Array.IndexOf(scores, scores[series.Probation..].Max()));
        });
    }

    [Theory]
    [InlineData("windows.json", "{", "windows.json")]
    [InlineData("windows.json", """{"one/c.csv":[]}""", "c.csv is missing")]
    [InlineData("windows.json", """{"one/a.csv":[["2001-01-01 00:00:00","2001-01-02 00:00:00"]]}""", "no point is at 2001-01-01")]
    [InlineData("windows.json", """{"one/a.csv":[["2001-01-01 00:00:00"]]}""", "a first and a last timestamp")]
    [InlineData("profiles.json", "{}", "none named 'standard'")]
    [InlineData("data/one/a.csv", "timestamp,value\n2001-01-01 00:00:00,many\n", "a.csv, line 2")]
    public void Load_FaultyCorpus_SaysWhatIsWrong(string file, string text, string fault)
    {
        Write(file, text);

        Assert.Contains(fault, Assert.Throws<FormatException>(() => NabCorpus.Load(folder)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoCorpus_NamesWhatIsWanted() =>
        Assert.Contains("windows.json", Assert.Throws<FormatException>(() => NabCorpus.Load(Path.Combine(folder, "data"))).Message, StringComparison.Ordinal);

    private static string At(int point) => new DateTime(2026, 3, 2).AddMinutes(5 * point).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>In units that differ by a power of two, so that scores agree to the last bit.</summary>
    private static string Series(double size)
    {
        var lines = Enumerable.Range(0, Points).Select(i => string.Create(CultureInfo.InvariantCulture, $"{At(i)},{size * (i == Spike ? 9 : 5 + (i % 7 / 10.0))}"));
        return $"timestamp,value\n{string.Join('\n', lines)}\n";
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(folder, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
