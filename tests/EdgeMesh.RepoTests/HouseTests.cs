namespace EdgeMesh.RepoTests;

public sealed class HouseTests
{
    private static Repository Repo => Repository.Here;

    private static RepositoryFile Solution => Repo.File("EdgeMesh.sln")!;

    [Fact]
    public void Projects_AreAllInTheSolution() => Assert.Empty(HouseRule.OutsideSolution(Repo.Projects, Solution));

    [Fact]
    public void Solution_ListsNoProjectThatIsGone() => Assert.Empty(HouseRule.GhostsInSolution(Repo.Projects, Solution));

    [Fact]
    public void Solution_IsTheOnlyOne() =>
        Assert.Equal(["EdgeMesh.sln"], Directory.EnumerateFiles(Repo.Root, "*.sln*").Select(Path.GetFileName));

    [Fact]
    public void TestProjects_EachMirrorAProject() => Assert.Empty(HouseRule.TestsOfNothing(Repo.Projects));

    [Fact]
    public void Projects_EachHaveATestProject() => Assert.Empty(HouseRule.ProjectsWithoutTests(Repo.Projects));

    [Fact]
    public void Decisions_AreNumberedAndTitled() =>
        Assert.Empty(HouseRule.MisnamedDecisions(Repo.Files.Select(f => f.Path)));

    [Theory]
    [InlineData("README.md")]
    [InlineData("tye.yaml")]
    [InlineData("dapr.yaml")]
    [InlineData("edgemesh")]
    [InlineData(".ci/run")]
    [InlineData("docs/architecture.md")]
    public void Root_HoldsWhatANewcomerLooksFor(string path) => Assert.NotNull(Repo.File(path));

    [Fact]
    public void ThingsOutOfPlace_AreFound()
    {
        var framework = new ProjectFile("framework/EdgeMesh.A/EdgeMesh.A.csproj", "EdgeMesh.A", [], [], []);
        var tests = new ProjectFile("tests/EdgeMesh.B.Tests/EdgeMesh.B.Tests.csproj", "EdgeMesh.B.Tests", [], [], []);
        var solution = new RepositoryFile("EdgeMesh.sln", """Project("{1}") = "EdgeMesh.C", "framework\EdgeMesh.C\EdgeMesh.C.csproj", "{2}" """);

        Assert.Equal(2, HouseRule.OutsideSolution([framework, tests], solution).Count());
        Assert.Contains("EdgeMesh.C.csproj", Assert.Single(HouseRule.GhostsInSolution([framework], solution)), StringComparison.Ordinal);
        Assert.Single(HouseRule.TestsOfNothing([framework, tests]));
        Assert.Single(HouseRule.ProjectsWithoutTests([framework, tests]));
        Assert.Equal(3, HouseRule.MisnamedDecisions(["docs/decisions/0001-a.md", "docs/decisions/0001-b.md", "docs/decisions/2-c.md", "docs/decisions/0003_D.md", "docs/0004.md"]).Count());
    }
}
