using EdgeMesh.Cli.Up;

namespace EdgeMesh.Cli.Tests.Up;

public sealed class LogDigestTests
{
    private const string Fatal = """{"app_id":"gateway","level":"fatal","msg":"initialization error occurred for wan: connection refused","type":"log"}""";

    [Fact]
    public void Of_SidecarsThatGaveUp_NamesEachReasonOnce() =>
        Assert.Equal(["daprd: initialization error occurred for wan: connection refused"], LogDigest.Of(["plain", Fatal, """{"level":"warn","msg":"fatal?"}""", Fatal, """{"level":"fatal","msg":"cut o"""]));

    [Fact]
    public void Of_PlainLines_AreShownAndStructuredOnesNot() =>
        Assert.Equal(["core can't start", "  because"], LogDigest.Of(["core can't start", """{"message":"noise"}""", "  because"]));

    [Fact]
    public void Of_StructuredLinesAlone_ShowsTheLast() =>
        Assert.Equal(["{\"n\":3}", "{\"n\":4}", "{\"n\":5}", "{\"n\":6}"], LogDigest.Of(Enumerable.Range(1, 6).Select(n => $"{{\"n\":{n}}}")));
}
