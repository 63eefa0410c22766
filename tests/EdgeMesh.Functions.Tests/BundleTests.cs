using System.Formats.Tar;
using System.Text;

namespace EdgeMesh.Functions.Tests;

public sealed class BundleTests
{
    private const string Manifest = """
        name: echo
        version: 1.0.0
        module: echo.wasm
        triggers:
          - http: { method: POST, path: /echo }
        """;

    private readonly DeployerKey _ops = DeployerKey.Create("ops");

    private IReadOnlyCollection<DeployerIdentity> Trusted => [_ops.Public];

    [Fact]
    public async Task ReadAsync_WhatWasWritten_IsTheSameBundle()
    {
        var bundle = await BuildAsync();

        var read = await BundleFile.ReadAsync(BundleFile.Write(bundle), Trusted);

        Assert.Empty(read.Faults);
        Assert.Equal((bundle.Digest, "echo", "ops"), (read.Bundle!.Digest, read.Bundle.Manifest.Name, read.Bundle.Statement.Signer));
        Assert.True(bundle.Module.Span.SequenceEqual(read.Bundle.Module.Span));
    }

    [Fact]
    public async Task Write_TheSameBundle_IsTheSameFile()
    {
        var bundle = await BuildAsync();
        Assert.Equal(BundleFile.Write(bundle), BundleFile.Write(bundle));
    }

    [Fact]
    public async Task ReadAsync_SignerThatIsUnknown_IsRefusedByName()
    {
        using var mallory = DeployerKey.Create("mallory");
        var read = await BundleFile.ReadAsync(BundleFile.Write(await BuildAsync(mallory)), Trusted);
        Assert.Contains("'mallory'", Assert.Single(read.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_SignerWithAnothersName_IsRefused()
    {
        using var forger = DeployerKey.Create("ops");
        var read = await BundleFile.ReadAsync(BundleFile.Write(await BuildAsync(forger)), Trusted);
        Assert.Contains("does not fit", Assert.Single(read.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_AnyByteFlipped_IsNeverAnotherBundle()
    {
        var bundle = await BuildAsync();
        var (file, random) = (BundleFile.Write(bundle), new Random(3));
        for (var i = 0; i < 400; i++)
        {
            var flipped = file.ToArray();
            flipped[random.Next(flipped.Length)] ^= (byte)(1 << random.Next(8));
            var read = await BundleFile.ReadAsync(flipped, Trusted);
            Assert.True(read.Bundle is null || read.Bundle.Digest == bundle.Digest);
        }
    }

    [Theory]
    [InlineData("function.yaml", "manifest")]
    [InlineData("module.wasm", "module")]
    public async Task ReadAsync_PartOfAnotherBundle_IsNamed(string part, string says)
    {
        var other = part == "module.wasm" ? Wat.EndlessLoop : Encoding.UTF8.GetBytes(Manifest + "\nweight: 100\n");
        var read = await BundleFile.ReadAsync(Swap(BundleFile.Write(await BuildAsync()), part, other), Trusted);
        Assert.Contains($"its {says} is not what 'ops' signed", Assert.Single(read.Faults), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("module.wasm")]
    public async Task ReadAsync_EntryThatDoesNotBelong_IsRefused(string name)
    {
        using var file = new MemoryStream();
        await using (var tar = new TarWriter(file, TarEntryFormat.Ustar, leaveOpen: true))
        {
            for (var i = 0; i < 2; i++)
            {
                await tar.WriteEntryAsync(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream([1, 2]) }, TestContext.Current.CancellationToken);
            }
        }

        var read = await BundleFile.ReadAsync(file.ToArray(), Trusted);

        Assert.Contains(name, Assert.Single(read.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void Deployment_WhatWasSigned_IsRead()
    {
        var signed = Deployment.Sign("echo", 7, "sha256:00", new CanaryPlan(10, TimeSpan.FromMinutes(5), 2), _ops);

        var (read, fault) = Deployment.Read(signed.Text, Trusted);

        Assert.Null(fault);
        Assert.Equal(("echo", 7, "sha256:00", signed.Canary), (read!.Function, read.Generation, read.Bundle, read.Canary));
    }

    [Fact]
    public async Task Deployment_SignatureOfABundle_IsNoDeployment()
    {
        var statement = (await BuildAsync()).Statement.Text;
        Assert.NotNull(Deployment.Read(statement, Trusted).Fault);
        Assert.NotNull(Deployment.Read(statement.Replace("bundle/v1", "deployment/v1", StringComparison.Ordinal), Trusted).Fault);
    }

    [Fact]
    public void Deployment_HigherGenerationWrittenIn_DoesNotVerify()
    {
        var text = Deployment.Sign("echo", 7, null, CanaryPlan.None, _ops).Text.Replace("generation 7", "generation 8", StringComparison.Ordinal);
        Assert.Contains("altered", Deployment.Read(text, Trusted).Fault, StringComparison.Ordinal);
    }

    private async Task<FunctionBundle> BuildAsync(DeployerKey? key = null)
    {
        var built = await FunctionBundle.BuildAsync("function.yaml", Manifest, Wat.Echo, key ?? _ops);
        Assert.Empty(built.Faults);
        return built.Bundle!;
    }

    private static byte[] Swap(byte[] file, string name, byte[] content)
    {
        using var target = new MemoryStream();
        using (var tar = new TarWriter(target, TarEntryFormat.Ustar, leaveOpen: true))
        using (var source = new TarReader(new MemoryStream(file)))
        {
            while (source.GetNextEntry(copyData: true) is { } entry)
            {
                tar.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, entry.Name) { DataStream = entry.Name == name ? new MemoryStream(content) : entry.DataStream });
            }
        }

        return target.ToArray();
    }
}
