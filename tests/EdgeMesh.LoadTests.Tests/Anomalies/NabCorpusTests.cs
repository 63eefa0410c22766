using EdgeMesh.LoadTests.Anomalies;

namespace EdgeMesh.LoadTests.Tests.Anomalies;

/// <summary>Half of the benchmark's own series, in <c>nab</c> of the folder <c>EDGEMESH_DATA</c>.</summary>
[Trait("Category", "Engines")]
public sealed class NabCorpusTests
{
    /// <summary>What is promised is 60; below this something that was good has been lost.</summary>
    private const double LeastScore = 70;

    /// <summary>Five times what is promised, so that no other process fails it: only a detector that has become slow.</summary>
    private const double MostNanoseconds = 5000;

    [Fact]
    public void Detector_OnHalfOfTheBenchmark_IsAsGoodAsItWas()
    {
        var data = Environment.GetEnvironmentVariable("EDGEMESH_DATA");
        Assert.True(data is not null && Directory.Exists(Path.Combine(data, "nab")), "EDGEMESH_DATA must name the folder with nab.");

        var figures = AnomalyBench.MeasureOurs(NabCorpus.Load(Path.Combine(data, "nab"))).Single(f => f.Profile == NabProfile.StandardName);

        Assert.InRange(figures.Score!.Value, LeastScore, 100);
        Assert.InRange(figures.NanosecondsPerPoint, 0, MostNanoseconds);
    }
}
