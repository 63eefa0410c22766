using EdgeMesh.Functions;
using EdgeMesh.Functions.Tests;
using EdgeMesh.Services.Functions.Running;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EdgeMesh.Services.Functions.Tests;

/// <summary>Machine code in the site's folder, and what becomes of it when somebody else writes there.</summary>
public sealed class CompiledModulesTests : IDisposable
{
    private const int Plenty = 64 * 1024 * 1024;
    private static readonly byte[] Key = new byte[32];

    private readonly FakeTimeProvider _clock = new();
    private readonly FunctionSandbox _sandbox = new(new SandboxOptions { Concurrency = 1 }, TimeProvider.System);
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgemesh-compiled-");

    [Fact]
    public async Task Read_WhatWasKept_RunsAsBefore()
    {
        var module = Compile("kept");
        Open().Keep(module);

        var restored = _sandbox.Restore(module.Digest, Open().Read(module.Digest).Span).Module!;
        var result = await _sandbox.Add(restored, new FunctionShare()).CallAsync(new CallInput(), TestContext.Current.CancellationToken);
        Assert.Equal("kept"u8.ToArray(), result.Output.ToArray());
    }

    [Fact]
    public void Read_WhatWasNeverKept_IsEmpty() => Assert.True(Open().Read(Compile("never").Digest).IsEmpty);

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(-1)]
    public void Read_AfterAByteWasAltered_IsEmptyAndTheFileIsGone(int at)
    {
        var module = Compile("altered");
        Open().Keep(module);
        var file = Assert.Single(_folder.GetFiles());
        var bytes = File.ReadAllBytes(file.FullName);
        bytes[at < 0 ? ^1 : at] ^= 1;
        File.WriteAllBytes(file.FullName, bytes);

        Assert.True(Open().Read(module.Digest).IsEmpty);
        Assert.Empty(_folder.GetFiles());
    }

    [Fact]
    public void Read_OfAFileThatWasTorn_IsEmpty()
    {
        var module = Compile("torn");
        Open().Keep(module);
        using (var file = File.OpenWrite(Assert.Single(_folder.GetFiles()).FullName))
        {
            file.SetLength(file.Length / 2);
        }

        Assert.True(Open().Read(module.Digest).IsEmpty);
    }

    /// <summary>Authentic machine code, but of another module.</summary>
    [Fact]
    public void Read_OfAFileThatWasPutInAnothersPlace_IsEmpty()
    {
        var (good, other) = (Compile("good"), Compile("other"));
        Open().Keep(other);
        var from = Assert.Single(_folder.GetFiles()).FullName;
        Open().Keep(good);
        var to = Assert.Single(_folder.GetFiles(), f => f.FullName != from).FullName;
        File.Copy(from, to, overwrite: true);

        Assert.True(Open().Read(good.Digest).IsEmpty);
        Assert.False(Open().Read(other.Digest).IsEmpty);
    }

    [Fact]
    public void Read_ByAnotherSitesKey_IsEmpty()
    {
        var module = Compile("theirs");
        Open().Keep(module);
        Assert.True(new CompiledModules(_folder.FullName, [.. Key.Select(b => (byte)(b + 1))], Plenty, _clock, NullLogger<CompiledModules>.Instance).Read(module.Digest).IsEmpty);
    }

    [Fact]
    public void Keep_MoreThanThereIsRoomFor_ForgetsWhatWasUsedLeastRecently()
    {
        var (first, second, third) = (Compile("first"), Compile("second"), Compile("third"));
        var room = 32 + first.ToMachineCode().Length + 32 + second.ToMachineCode().Length;
        foreach (var module in (FunctionModule[])[first, second])
        {
            Open(room).Keep(module);
            _clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.False(Open(room).Read(first.Digest).IsEmpty);
        _clock.Advance(TimeSpan.FromMinutes(1));
        Open(room).Keep(third);

        Assert.Equal([false, true, false], ((FunctionModule[])[first, second, third]).Select(m => Open(room).Read(m.Digest).IsEmpty));
    }

    [Fact]
    public void Keep_WhatIsLargerThanAllTheRoom_KeepsWhatIsThere()
    {
        var (small, large) = (Compile("small"), _sandbox.Compile(Wat.Command("", $"(data \"{new string('x', 200_000)}\")")).Module!);
        var room = 32 + small.ToMachineCode().Length;
        Open(room).Keep(small);
        Open(room).Keep(large);

        Assert.Equal([false, true], ((FunctionModule[])[small, large]).Select(m => Open(room).Read(m.Digest).IsEmpty));
    }

    [Fact]
    public void Keep_AfterTheFolderWasDeleted_MakesItAnew()
    {
        var (kept, module) = (Open(), Compile("again"));
        _folder.Delete(recursive: true);
        kept.Keep(module);
        Assert.False(kept.Read(module.Digest).IsEmpty);
    }

    [Fact]
    public void Open_AfterACrash_DeletesWhatWasHalfWritten()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, "half.code.new"), "half");
        Open();
        Assert.Empty(_folder.GetFiles());
    }

    [Fact]
    public void Folder_ThatCannotBeUsed_IsNoFaultOfACall()
    {
        var file = Path.Combine(_folder.FullName, "file");
        File.WriteAllText(file, "in the way");
        var module = Compile("x");
        var kept = new CompiledModules(file, Key, Plenty, _clock, NullLogger<CompiledModules>.Instance);
        kept.Keep(module);
        Assert.True(kept.Read(module.Digest).IsEmpty);
    }

    public void Dispose()
    {
        _sandbox.Dispose();
        _folder.Delete(recursive: true);
    }

    private CompiledModules Open(int room = Plenty) => new(_folder.FullName, Key, room, _clock, NullLogger<CompiledModules>.Instance);

    private FunctionModule Compile(string says) => _sandbox.Compile(FunctionsSite.Says(says)).Module!;
}
