namespace EdgeMesh.RepoTests;

public sealed class DependencyTests
{
    private static Repository Repo => Repository.Here;

    private static IReadOnlyList<string> Central => CentralVersions.Of(Repo.File("Directory.Packages.props")!);

    [Fact]
    public void References_GoFromTheCommandLineToServicesToTheFrameworkAndNeverBack() =>
        Assert.Empty(ReferenceRule.Violations(Repo.Projects));

    [Theory]
    [InlineData("services/A/EdgeMesh.Services.A.csproj", "services/B/EdgeMesh.Services.B.csproj", "talk through Dapr")]
    [InlineData("services/A/EdgeMesh.Services.A.csproj", "framework/EdgeMesh.Sidecar/EdgeMesh.Sidecar.csproj", "knows only Dapr")]
    [InlineData("services/A/EdgeMesh.Services.A.csproj", "cli/EdgeMesh.Cli/EdgeMesh.Cli.csproj", "framework alone")]
    [InlineData("services/A/EdgeMesh.Services.A.csproj", "framework/EdgeMesh.Testing/EdgeMesh.Testing.csproj", "for tests")]
    [InlineData("framework/EdgeMesh.Ledger/EdgeMesh.Ledger.csproj", "framework/EdgeMesh.Keyring/EdgeMesh.Keyring.csproj", "do not know each other")]
    [InlineData("framework/EdgeMesh.Hosting/EdgeMesh.Hosting.csproj", "framework/EdgeMesh.Sidecar/EdgeMesh.Sidecar.csproj", "do not know each other")]
    [InlineData("framework/EdgeMesh.Telemetry/EdgeMesh.Telemetry.csproj", "framework/EdgeMesh.Hosting/EdgeMesh.Hosting.csproj", "do not know each other")]
    [InlineData("framework/EdgeMesh.Ledger/EdgeMesh.Ledger.csproj", "services/A/EdgeMesh.Services.A.csproj", "do not know each other")]
    [InlineData("cli/EdgeMesh.Cli/EdgeMesh.Cli.csproj", "tests/EdgeMesh.A.Tests/EdgeMesh.A.Tests.csproj", "services and framework")]
    public void References_TheWrongWay_AreFound(string from, string to, string why)
    {
        var target = Project(to);

        Assert.Contains(why, Assert.Single(ReferenceRule.Violations([Project(from, projects: [target.Name]), target])), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("cli/EdgeMesh.Cli/EdgeMesh.Cli.csproj", "services/A/EdgeMesh.Services.A.csproj")]
    [InlineData("services/A/EdgeMesh.Services.A.csproj", "framework/EdgeMesh.Ledger/EdgeMesh.Ledger.csproj")]
    [InlineData("framework/EdgeMesh.Ledger/EdgeMesh.Ledger.csproj", "framework/EdgeMesh.Hosting/EdgeMesh.Hosting.csproj")]
    [InlineData("framework/EdgeMesh.Testing/EdgeMesh.Testing.csproj", "framework/EdgeMesh.Sidecar/EdgeMesh.Sidecar.csproj")]
    [InlineData("tests/EdgeMesh.A.Tests/EdgeMesh.A.Tests.csproj", "framework/EdgeMesh.Testing/EdgeMesh.Testing.csproj")]
    public void References_TheRightWay_AreAllowed(string from, string to) =>
        Assert.Empty(ReferenceRule.Violations([Project(from, projects: [Project(to).Name]), Project(to)]));

    [Fact]
    public void HeavyPackages_AreEachReferencedByTheirOwnLibraryAlone() =>
        Assert.Empty(PackageRule.Violations(Repo.Projects));

    [Theory]
    [InlineData("services/Records/EdgeMesh.Services.Records.csproj", "RabbitMQ.Client")]
    [InlineData("services/Ledger/EdgeMesh.Services.Ledger.csproj", "Microsoft.Data.Sqlite")]
    [InlineData("services/Gateway/EdgeMesh.Services.Gateway.csproj", "Hl7.Fhir.R4")]
    [InlineData("cli/EdgeMesh.Cli/EdgeMesh.Cli.csproj", "Npgsql")]
    [InlineData("framework/EdgeMesh.Replication/EdgeMesh.Replication.csproj", "Wasmtime")]
    [InlineData("framework/EdgeMesh.Hosting/EdgeMesh.Hosting.csproj", "Dapr.Protos")]
    public void HeavyPackages_InTheWrongPlace_AreFound(string project, string package) =>
        Assert.Contains(package, Assert.Single(PackageRule.Violations([Project(project, packages: [package])])), StringComparison.Ordinal);

    [Fact]
    public void Versions_StandInTheCentralFileAlone() => Assert.Empty(VersionRule.Scattered(Repo.Projects));

    [Theory]
    [InlineData("""<PackageReference Include="A" Version="1.0" />""")]
    [InlineData("""<PackageReference Include="A" VersionOverride="1.0" />""")]
    [InlineData("""<PackageReference Include="A"><Version>1.0</Version></PackageReference>""")]
    public void Versions_InAProject_AreFound(string reference)
    {
        var project = ProjectFile.Parse(new RepositoryFile("services/A/A.csproj", $"<Project><ItemGroup>{reference}</ItemGroup></Project>"));

        Assert.Single(VersionRule.Scattered([project]));
    }

    [Fact]
    public void Packages_AreEachListedOnce() => Assert.Empty(VersionRule.Repeated(Central));

    [Fact]
    public void Packages_ThatAProjectReferences_AreAllInTheCentralFile() => Assert.Empty(VersionRule.Missing(Repo.Projects, Central));

    [Fact]
    public void Packages_InTheCentralFile_AreAllUsed() =>
        Assert.Empty(VersionRule.Unused(Repo.Projects, CentralVersions.Implicit(Repo.File("Directory.Build.targets")!), Central));

    [Fact]
    public void Packages_AreEachExplainedInTheDecisionOnDependencies() =>
        Assert.Empty(VersionRule.Unexplained(Repo.File("docs/decisions/0002-dependencies.md")!, Central));

    [Fact]
    public void Packages_RepeatedMissingUnusedOrUnexplained_AreFound()
    {
        var project = Project("services/A/A.csproj", packages: ["Used"]);

        Assert.Single(VersionRule.Repeated(["Used", "Used"]));
        Assert.Single(VersionRule.Missing([project], ["Other"]));
        Assert.Equal(["Other"], VersionRule.Unused([project], [], ["Used", "Other"]).Select(v => v.Split(' ')[0]));
        Assert.Single(VersionRule.Unexplained(new RepositoryFile("d.md", "- `Used`: keeps the thing that we do not build.\n- `Other`"), ["Used", "Other"]));
    }

    private static ProjectFile Project(string path, string[]? projects = null, string[]? packages = null) =>
        new(path, Path.GetFileNameWithoutExtension(path), projects ?? [], packages ?? [], []);
}
