using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using EdgeMesh.MeshTests.Processes;

namespace EdgeMesh.MeshTests;

/// <summary>Functions at three real sites: deployed once, running everywhere, whatever is cut or killed meanwhile.</summary>
public sealed class FunctionsTests(RunningMesh mesh) : IClassFixture<RunningMesh>
{
    private static readonly string[] Sites = ["core", "clinic-a", "clinic-b"];

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Deploy_WithOneSiteCutOff_ItRunsWhatItLastHadOrIsCarriedThereAndCatchesUpWithTheRollback()
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-function-").FullName;
        try
        {
            await DeployAsync(folder, "teller", 1, "core");
            await Task.WhenAll(Sites.Select(s => RunsAsync(s, "teller", "1.0.1")));

            await DoneAsync("link", "cut", "core", "clinic-a");
            await DoneAsync("link", "cut", "clinic-a", "clinic-b");
            for (var version = 2; version <= 4; version++)
            {
                await DeployAsync(folder, "teller", version, "core");
            }

            await RunsAsync("clinic-b", "teller", "1.0.4");
            Assert.Equal(("version 1", "version 4"), (await InvokeAsync("teller", "clinic-a"), await InvokeAsync("teller", "clinic-b")));

            await DoneAsync("function", "rollback", "teller", "--to", "1.0.3");
            await RunsAsync("clinic-b", "teller", "1.0.3");
            Assert.Equal("version 1", await InvokeAsync("teller", "clinic-a"));

            // By hand, from a site that never had the source.
            var carried = Path.Combine(folder, "teller.bundle");
            await DoneAsync("function", "export", "teller", "--version", "1.0.4", "--site", "clinic-b", "--out", carried);
            File.Delete(Path.Combine(folder, "function.yaml"));
            File.Delete(Path.Combine(folder, "m.wasm"));
            await DoneAsync("function", "import", carried, "--site", "clinic-a");
            await RunsAsync("clinic-a", "teller", "1.0.4");
            Assert.Equal("version 4", await InvokeAsync("teller", "clinic-a"));

            await DoneAsync("link", "restore", "core", "clinic-a");
            await DoneAsync("link", "restore", "clinic-a", "clinic-b");
            await RunsAsync("clinic-a", "teller", "1.0.3");
            Assert.Equal("version 3", await InvokeAsync("teller", "clinic-a"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Hold_AtASite_KeepsItsVersionUntilItIsReleased_AndRemoveEndsTheFunctionEverywhere()
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-function-").FullName;
        try
        {
            await DeployAsync(folder, "keeper", 1, "core");
            await RunsAsync("core", "keeper", "1.0.1");
            await DoneAsync("function", "hold", "keeper", "--site", "core");
            await DeployAsync(folder, "keeper", 2, "core");
            await RunsAsync("clinic-a", "keeper", "1.0.2");

            var held = (await FindAsync("core", "keeper"))!;
            Assert.Equal(("1.0.1", "1.0.2", true), ((string?)held["version"], (string?)held["deployed"], (bool)held["sites"]!["core"]!["held"]!));
            Assert.Equal("version 1", await InvokeAsync("keeper", "core"));
            Assert.Matches("1.0.1 other Completed [0-9.]+ ms cold trace [0-9a-f]{32}", (await DoneAsync("function", "logs", "keeper")).Output);

            await DoneAsync("function", "release", "keeper", "--site", "core");
            await RunsAsync("core", "keeper", "1.0.2");

            await DoneAsync("function", "remove", "keeper", "--site", "clinic-a");
            await RunsAsync("core", "keeper", null);
            var refused = await mesh.RunAsync("function", "invoke", "keeper");
            Assert.Equal(1, refused.ExitCode);
            Assert.Contains("There is no function 'keeper' at this site", refused.Errors, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Import_OfABundleFromAnotherMesh_RunsByThePublicKeyOfItsDeployer()
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-function-").FullName;
        try
        {
            // All that is needed of the other mesh.
            var (elsewhere, bundle) = (Path.Combine(folder, "elsewhere"), Path.Combine(folder, "stranger-1.0.1.bundle"));
            var keys = await EdgeMeshCommand.RunAsync(Limit, Cancellation, "keys", "--data-dir", elsewhere);
            Assert.True(keys.ExitCode == 0, keys.ToString());
            Write(folder, "stranger", 1);
            await DoneAsync("function", "build", folder, "--key", Path.Combine(elsewhere, "deployer", "ops.key"));

            await DoneAsync("function", "import", bundle, "--from", Path.Combine(elsewhere, "deployer", "ops.pub"));
            await RunsAsync("clinic-b", "stranger", "1.0.1");
            Assert.Equal("version 1", await InvokeAsync("stranger", "clinic-b"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Deploy_AtASiteThatAnotherCantReach_ComesThereByTheCore()
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-function-").FullName;
        await DoneAsync("link", "cut", "clinic-a", "clinic-b");
        try
        {
            await DeployAsync(folder, "messenger", 1, "clinic-a");
            await RunsAsync("clinic-b", "messenger", "1.0.1");
            Assert.Equal("version 1", await InvokeAsync("messenger", "clinic-b"));
        }
        finally
        {
            await DoneAsync("link", "restore", "clinic-a", "clinic-b");
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Canary_AtASiteThatAnotherCantReach_IsHeardOfByTheCore()
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-function-").FullName;
        await DoneAsync("link", "cut", "clinic-a", "clinic-b");
        try
        {
            await DeployAsync(folder, "scout", 1, "core");
            await Task.WhenAll(Sites.Select(s => RunsAsync(s, "scout", "1.0.1")));
            Write(folder, "scout", 2);
            await DoneAsync("function", "deploy", folder, "--site", "core", "--canary-site", "clinic-a", "--for", "00:00:01");

            await RunsAsync("clinic-b", "scout", "1.0.2");
            Assert.Equal("version 2", await InvokeAsync("scout", "clinic-b"));
        }
        finally
        {
            await DoneAsync("link", "restore", "clinic-a", "clinic-b");
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    [Trait("Category", "Slow")]
    public async Task Kill_AgainAndAgainWhileDeploying_LosesNothingThatWasTakenAndTakesNothingByHalves()
    {
        var folder = Directory.CreateTempSubdirectory("edgemesh-function-").FullName;
        try
        {
            var taken = 0;
            using var over = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
            var killing = KillAsync("clinic-b", 2, over.Token);
            for (var version = 1; version <= 5; version++)
            {
                Write(folder, "survivor", version);
                var result = await mesh.RunAsync("function", "deploy", folder, "--site", "clinic-b");
                taken += result.ExitCode == 0 ? 1 : 0;
            }

            await killing;
            await DeployUntilTakenAsync(folder, "survivor", 6, "clinic-b");
            await Task.WhenAll(Sites.Select(s => RunsAsync(s, "survivor", "1.0.6")));
            Assert.Equal("version 6", await InvokeAsync("survivor", "core"));
            var versions = (await FindAsync("core", "survivor"))!;
            // Each that was taken is a generation of its own, the last one included; one whose answer the kill cut off may be one more.
            Assert.True((long)versions["generation"]! >= taken + 1, $"{taken + 1} deployments were taken, and the generation is {versions["generation"]}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task KillAsync(string site, int times, CancellationToken cancellation)
    {
        for (var i = 0; i < times; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(700 + 400 * i), cancellation);
            var status = JsonNode.Parse((await mesh.RunAsync("status", "--json")).Output)!["sites"]!.AsArray().Single(s => (string?)s!["name"] == site)!;
            if ((int?)status["pid"] is { } pid)
            {
                try
                {
                    using var process = Process.GetProcessById(pid);
                    process.Kill();
                }
                catch (ArgumentException)
                {
                    // It is down just now.
                }
            }
        }
    }

    private async Task DeployUntilTakenAsync(string folder, string name, int version, string site)
    {
        Write(folder, name, version);
        while ((await mesh.RunAsync("function", "deploy", folder, "--site", site)).ExitCode != 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(250), Cancellation);
        }
    }

    private async Task DeployAsync(string folder, string name, int version, string site)
    {
        Write(folder, name, version);
        await DoneAsync("function", "deploy", folder, "--site", site);
    }

    /// <summary>A function that says its version: a module without a compiler, whose text is put in place.</summary>
    private static void Write(string folder, string name, int version)
    {
        File.WriteAllText(Path.Combine(folder, "function.yaml"), $"name: {name}\nversion: 1.0.{version}\nmodule: m.wasm\ntriggers:\n  - http: {{ method: GET, path: /version }}\n");
        File.WriteAllBytes(Path.Combine(folder, "m.wasm"), SayingModule.Of($"version {version}"));
    }

    private async Task<string> InvokeAsync(string name, string site) => (await DoneAsync("function", "invoke", name, "--site", site)).Output.TrimEnd();

    private async Task<CommandResult> DoneAsync(params string[] command)
    {
        var result = await mesh.RunAsync(command);
        Assert.True(result.ExitCode == 0, result.ToString());
        return result;
    }

    /// <summary>A function as a site lists it; null: it does not, or does not answer.</summary>
    private async Task<JsonNode?> FindAsync(string site, string name)
    {
        var result = await mesh.RunAsync("function", "list", "--site", site, "--json");
        return result.ExitCode == 0 ? JsonNode.Parse(result.Output)!.AsArray().FirstOrDefault(f => (string?)f!["name"] == name) : null;
    }

    /// <param name="site">The site.</param>
    /// <param name="name">The function.</param>
    /// <param name="version">What its calls go to; null: nothing, though it is known.</param>
    private async Task RunsAsync(string site, string name, string? version)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < Limit, $"{site} does not run {name} {version ?? "no more"} within {Limit}");
            if (await FindAsync(site, name) is { } function && (string?)function["version"] == version)
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), Cancellation);
        }
    }
}

/// <summary>A WebAssembly module, byte by byte, that writes a text to stdout.</summary>
internal static class SayingModule
{
    public static byte[] Of(string text)
    {
        byte[] said = Encoding.ASCII.GetBytes(text);
        return
        [
            0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
            .. Section(1, [2, 0x60, 4, 0x7f, 0x7f, 0x7f, 0x7f, 1, 0x7f, 0x60, 0, 0]),
            .. Section(2, [1, .. Name("wasi_snapshot_preview1"), .. Name("fd_write"), 0, 0]),
            .. Section(3, [1, 1]),
            .. Section(5, [1, 0, 1]),
            .. Section(7, [2, .. Name("memory"), 2, 0, .. Name("_start"), 0, 1]),
            // fd_write(1, vectors at 0, 1 of them, count at 8); drop
            .. Section(10, [1, 13, 0, 0x41, 1, 0x41, 0, 0x41, 1, 0x41, 8, 0x10, 0, 0x1a, 0x0b]),
            .. Section(11, [1, 0, 0x41, 0, 0x0b, (byte)(16 + said.Length), 16, 0, 0, 0, (byte)said.Length, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, .. said]),
        ];
    }

    internal static byte[] Section(byte id, byte[] content) => [id, (byte)content.Length, .. content];

    internal static byte[] Name(string name) => [(byte)name.Length, .. Encoding.ASCII.GetBytes(name)];
}
