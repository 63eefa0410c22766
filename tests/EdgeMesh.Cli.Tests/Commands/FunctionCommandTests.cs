using System.Text.Json;

namespace EdgeMesh.Cli.Tests.Commands;

public sealed class FunctionCommandTests
{
    [Theory]
    [InlineData("c", "greeter.c", "edgemesh.h")]
    [InlineData("assemblyscript", "package.json", "assembly/edgemesh.ts")]
    public async Task New_Template_WritesAFunctionOfThatName(string template, string source, string host)
    {
        using var folder = new TemporaryFolder();
        var result = await RunResult.OfAsync("function", "new", "greeter", "--template", template, "--dir", folder.File("greeter"));

        Assert.Equal(0, result.Code);
        Assert.Contains("name: greeter", await File.ReadAllTextAsync(folder.File("greeter/function.yaml"), TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.True(File.Exists(folder.File($"greeter/{source}")) && File.Exists(folder.File($"greeter/{host}")));
    }

    [Fact]
    public async Task New_FolderThatIsNotEmpty_OverwritesNothing()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("mine"), "x", TestContext.Current.CancellationToken);
        var result = await RunResult.OfAsync("function", "new", "greeter", "--dir", folder.Path);

        Assert.Equal(1, result.Code);
        Assert.Contains("is not empty", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task New_NameThatIsNone_IsWrongUsage() => Assert.Equal(2, (await RunResult.OfAsync("function", "new", "Grüße")).Code);

    [Fact]
    public async Task Build_ModuleThatIsThere_SignsTheBundle()
    {
        using var folder = new TemporaryFolder();
        var result = await BuildAsync(folder);

        Assert.Equal(0, result.Code);
        using var json = JsonDocument.Parse(result.Output);
        Assert.Equal(("f", "1.2.3", 8), (json.RootElement.GetProperty("name").GetString(), json.RootElement.GetProperty("version").GetString(), json.RootElement.GetProperty("moduleBytes").GetInt32()));
        Assert.True(File.Exists(folder.File("f/f-1.2.3.bundle")));
    }

    [Fact]
    public async Task Import_FileThatWasAlteredOnTheWay_IsRefusedBeforeASiteIsAsked()
    {
        using var folder = new TemporaryFolder();
        await BuildAsync(folder);
        var file = await File.ReadAllBytesAsync(folder.File("f/f-1.2.3.bundle"), TestContext.Current.CancellationToken);
        file[file.AsSpan().IndexOf("\0asm"u8) + 4] = 2;
        await File.WriteAllBytesAsync(folder.File("altered.bundle"), file, TestContext.Current.CancellationToken);
        var result = await RunResult.OfAsync("function", "import", folder.File("altered.bundle"), "--data-dir", folder.File("data"), "--topology", Repository.Topology);

        Assert.Equal(1, result.Code);
        Assert.Contains("its module is not what 'ops' signed", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_FileThatAnotherMeshSigned_SaysHowToTakeItOver()
    {
        using var folder = new TemporaryFolder();
        await BuildAsync(folder);
        var result = await ImportAsync(folder, "there");

        Assert.Equal(1, result.Code);
        Assert.Contains("the signature of 'ops' does not fit", result.Error, StringComparison.Ordinal);
        Assert.Contains("--from NAME.pub", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_FromItsSignerInAnotherMesh_IsTakenOver()
    {
        using var folder = new TemporaryFolder();
        await BuildAsync(folder);
        var result = await ImportAsync(folder, "there", "--from", folder.File("data/deployer/ops.pub"));

        // Only a site that takes it is missing.
        Assert.Equal(1, result.Code);
        Assert.Contains("f 1.2.3: signed by 'ops'", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_FromWhoDidNotSignIt_IsRefused()
    {
        using var folder = new TemporaryFolder();
        await BuildAsync(folder);
        await RunResult.OfAsync("keys", "--data-dir", folder.File("third"), "--topology", Repository.Topology);
        var result = await ImportAsync(folder, "there", "--from", folder.File("third/deployer/ops.pub"));

        Assert.Equal(1, result.Code);
        Assert.Contains("the signature of 'ops' does not fit", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none.pub", 2, "--from: there is no file")]
    [InlineData("data/deployer/ops.key", 1, "is no deployer's public key")]
    public async Task Import_FromAFileThatIsNoPublicKey_SaysWhatItMustBe(string from, int code, string says)
    {
        using var folder = new TemporaryFolder();
        await BuildAsync(folder);
        var result = await ImportAsync(folder, "data", "--from", folder.File(from));

        Assert.Equal(code, result.Code);
        Assert.Contains(says, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Import_FileThatIsNotThere_IsWrongUsage()
    {
        using var folder = new TemporaryFolder();
        var result = await RunResult.OfAsync("function", "import", folder.File("none.bundle"), "--topology", Repository.Topology, "--data-dir", folder.Path);

        Assert.Equal(2, result.Code);
        Assert.Contains("./edgemesh function export", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Build_FaultsOfTheManifest_AreAllNamedByLine()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder.File("function.yaml"), "name: f\nversion: one\nmodule: f.wasm\ntriggers: []\n", TestContext.Current.CancellationToken);
        var result = await RunResult.OfAsync("function", "build", folder.Path, "--topology", Repository.Topology);

        Assert.Equal(1, result.Code);
        Assert.Contains("function.yaml:2: version", result.Error, StringComparison.Ordinal);
        Assert.Contains("function.yaml:4: triggers", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("list")]
    [InlineData("logs", "f")]
    [InlineData("hold", "f")]
    [InlineData("export", "f", "--out", "f.bundle")]
    public async Task Site_OfAMeshThatWasNeverUp_SaysHowToStartIt(params string[] command)
    {
        using var folder = new TemporaryFolder();
        var result = await RunResult.OfAsync(["function", .. command, "--topology", Repository.Topology, "--data-dir", folder.Path]);

        Assert.Equal(1, result.Code);
        Assert.Contains("./edgemesh up", result.Error, StringComparison.Ordinal);
    }

    /// <summary>Imports f 1.2.3 into the mesh of a data folder.</summary>
    private static async Task<RunResult> ImportAsync(TemporaryFolder folder, string data, params string[] more)
    {
        string[] mesh = ["--data-dir", folder.File(data), "--topology", Repository.Topology];
        await RunResult.OfAsync(["keys", .. mesh]);
        return await RunResult.OfAsync(["function", "import", folder.File("f/f-1.2.3.bundle"), .. more, .. mesh]);
    }

    /// <summary>Builds f 1.2.3, by a mesh's key.</summary>
    private static async Task<RunResult> BuildAsync(TemporaryFolder folder)
    {
        await RunResult.OfAsync("keys", "--data-dir", folder.File("data"), "--topology", Repository.Topology);
        Directory.CreateDirectory(folder.File("f"));
        await File.WriteAllTextAsync(folder.File("f/function.yaml"), "name: f\nversion: 1.2.3\nmodule: f.wasm\ntriggers:\n  - http: { method: GET, path: /x }\n", TestContext.Current.CancellationToken);
        await File.WriteAllBytesAsync(folder.File("f/f.wasm"), [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], TestContext.Current.CancellationToken);
        return await RunResult.OfAsync("function", "build", folder.File("f"), "--json", "--data-dir", folder.File("data"), "--topology", Repository.Topology);
    }
}
