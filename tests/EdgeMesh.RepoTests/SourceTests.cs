namespace EdgeMesh.RepoTests;

public sealed class SourceTests
{
    private static Repository Repo => Repository.Here;

    [Fact]
    public void Files_HaveAtMost500Lines() => Assert.Empty(SizeRule.TooLong(Repo.Files));

    [Fact]
    public void Programs_HaveAtMost30Lines() => Assert.Empty(SizeRule.TooLongPrograms(Repo.Files));

    [Fact]
    public void Files_OverTheLimit_AreFound()
    {
        var lines = string.Concat(Enumerable.Repeat("a\n", 501));

        Assert.Single(SizeRule.TooLong([new("a/A.cs", lines), new("a/B.cs", lines[2..]), new("a/data.json", lines)]));
        Assert.Single(SizeRule.TooLongPrograms([new("a/Program.cs", lines[..62]), new("b/Program.cs", lines[..60]), new("a/Other.cs", lines)]));
    }

    [Fact]
    public void Folders_AreNamedForWhatTheyHold() => Assert.Empty(NamingRule.Folders(Repo.Files));

    [Fact]
    public void Types_AreNamedForWhatTheyAre() => Assert.Empty(NamingRule.Types(Repo.Files));

    [Fact]
    public void Names_ThatSayNothing_AreFound()
    {
        Assert.Equal(["the folder a/Common", "the folder a/EdgeMesh.Utils"], NamingRule.Folders([new("a/Common/A.cs", ""), new("a/EdgeMesh.Utils/B.cs", ""), new("a/Commons/C.cs", "")]));
        Assert.Equal(3, NamingRule.Types([new("a/A.cs", "internal sealed class KeyManager\n  public readonly record struct DateUtils\nstatic class Helper\nclass Helpful\n// a manager")]).Count());
    }

    [Fact]
    public void Interfaces_AreEachImplementedTwice() => Assert.Empty(InterfaceRule.TooFewImplementations(Repo.Files));

    [Fact]
    public void Interfaces_WithOneImplementation_AreFound()
    {
        RepositoryFile[] files =
        [
            new("framework/A/A.cs", "public interface IStore { }\npublic interface IClock { }\npublic interface ISite : IActor { }"),
            new("framework/A/B.cs", "internal sealed class Disk(IClock clock) : Base, IStore { }\nsealed class Real : IClock;"),
            new("tests/A/C.cs", "internal sealed record Memory<T>(int A) : IStore { }"),
        ];

        Assert.Contains("IClock, which 1", Assert.Single(InterfaceRule.TooFewImplementations(files)), StringComparison.Ordinal);
    }

    [Fact]
    public void ShippedCode_HasNoStubsAndNoNotesToItsAuthor() => Assert.Empty(UnfinishedRule.Stubs(Repo.Shipped));

    [Fact]
    public void Pragmas_SayWhyTheySwitchAWarningOff() => Assert.Empty(UnfinishedRule.SilentPragmas(Repo.Files));

    [Fact]
    public void Files_NameNoPathOfOneMachine() => Assert.Empty(UnfinishedRule.PathsOfOneMachine(Repo.Files));

    [Fact]
    public void UnfinishedCode_IsFound()
    {
        Assert.Equal(2, UnfinishedRule.Stubs([new("a/A.cs", "throw new NotImpl" + "ementedException(); // TO" + "DO\nint Todos;")]).Count());
        Assert.Equal("a/A.cs:2", UnfinishedRule.SilentPragmas([new("a/A.cs", "\n#pragma warning disable X\n#pragma warning disable Y // it must\n#pragma warning restore X")]).Select(v => v.Split(' ')[0]).Single());
        Assert.Single(UnfinishedRule.PathsOfOneMachine([new("a/A.cs", "cd /wo" + "rk/main; GET a/work/b; https://x/work/b")]));
    }

    [Fact]
    public void PureParts_SeeNoClockFileNetworkOrDapr()
    {
        Assert.Empty(PureRule.Gone([.. Repo.Shipped]));
        Assert.Empty(PureRule.Impure(Repo.Shipped));
        Assert.Empty(PureRule.DaprOutsideItsFile(Repo.Shipped));
    }

    [Theory]
    [InlineData("var now = TimeProvider.System.GetUtcNow();")]
    [InlineData("var text = File.ReadAllText(path);")]
    [InlineData("var id = Guid.NewGuid();")]
    [InlineData("using Dapr.Client;")]
    [InlineData("private readonly HttpClient _client;")]
    public void PureParts_ThatLookOutside_AreFound(string code) =>
        Assert.Contains("is pure", Assert.Single(PureRule.Impure([new("framework/EdgeMesh.Ledger/Tree/A.cs", code)])), StringComparison.Ordinal);

    [Fact]
    public void DaprBesideALibrarysInterface_IsFound()
    {
        Assert.Single(PureRule.DaprOutsideItsFile([new("framework/EdgeMesh.Ledger/Sequencing/A.cs", "using Dapr.Client;")]));
        Assert.Empty(PureRule.DaprOutsideItsFile([new("framework/EdgeMesh.Ledger/Storage/DaprA.cs", "using Dapr.Client;")]));
    }

    [Fact]
    public void ComponentNamesInCode_AreThoseOfTheDesign() => Assert.Empty(ComponentRule.InCode(Repo.Shipped));

    [Fact]
    public void ComponentNamesInYaml_AreThoseOfTheDesign() => Assert.Empty(ComponentRule.InYaml(Repo.Files));

    [Fact]
    public void ComponentFolders_DefineTheSameNames() => Assert.Empty(ComponentRule.MissingInFolders(Repo.Files));

    [Fact]
    public void PubSubComponents_HaveAGroupForEachServiceAndSite() => Assert.Empty(ComponentRule.SharedGroups(Repo.Files));

    [Fact]
    public void Bodies_AreGivenNoConditions() => Assert.Empty(ComponentRule.BodiesWithConditions(Repo.Shipped));

    [Fact]
    public void ComponentFolders_ThatDifferOrShareGroups_AreFound()
    {
        const string heads = "kind: Component\nmetadata:\n  name: heads\nspec:\n  type: state.sqlite\n";
        const string wan = "kind: Component\nmetadata:\n  name: wan\nspec:\n  type: pubsub.kafka\n  metadata:\n    - name: consumerID\n      value: mine\n";
        RepositoryFile[] files = [new("components/a/heads.yaml", heads), new("components/a/wan.yaml", wan), new("components/b/heads.yaml", heads)];

        Assert.Contains("'wan'", Assert.Single(ComponentRule.MissingInFolders(files)), StringComparison.Ordinal);
        Assert.Contains("components/a/wan.yaml", Assert.Single(ComponentRule.SharedGroups(files)), StringComparison.Ordinal);
        Assert.Empty(ComponentRule.SharedGroups([new("components/a/wan.yaml", wan.Replace("mine", "\"{namespace}\"", StringComparison.Ordinal))]));
        Assert.Single(ComponentRule.BodiesWithConditions([new("services/A/A.cs", "await dapr.TrySaveStateAsync(\"bodies\", key, value, etag, cancellationToken: c);")]));
    }

    [Theory]
    [InlineData("await dapr.SaveStateAsync(\"statestore\", key, value);")]
    [InlineData("await dapr.GetStateAsync<Dictionary>(\n    \"statestore\", key);")]
    [InlineData("await dapr.PublishEventAsync(\"statestore\", topic);")]
    [InlineData("[Topic(\"statestore\", \"t\")]")]
    [InlineData("private const string Component = \"statestore\";")]
    public void ComponentNames_OfTheirOwn_AreFound(string code)
    {
        Assert.Contains("'statestore'", Assert.Single(ComponentRule.InCode([new("services/A/A.cs", code)])), StringComparison.Ordinal);
        Assert.Empty(ComponentRule.InCode([new("services/A/A.cs", code.Replace("statestore", "heads", StringComparison.Ordinal))]));
    }

    [Fact]
    public void ComponentNames_OfTheirOwnInYaml_AreFound()
    {
        const string yaml = "kind: Configuration\nmetadata:\n  name: mine\n---\nkind: Component\nmetadata:\n  name: heads\n---\nkind: Component\nmetadata:\n  name: statestore\n";

        Assert.Contains("'statestore'", Assert.Single(ComponentRule.InYaml([new("components/a/a.yaml", yaml)])), StringComparison.Ordinal);
    }
}
