namespace EdgeMesh.Ledger.Tests.Verification;

public sealed class VerifierTests : IDisposable
{
    private readonly LedgerKey _key = TestLog.NewKey();
    private readonly string _folder = Path.Combine(Path.GetTempPath(), "edgemesh-ledger-" + Guid.NewGuid().ToString("n"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _key.Dispose();
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, true);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(1000)]
    public async Task Verify_AnExportedLog_Holds(int size)
    {
        await ExportAsync(size);
        var seen = 0L;
        var result = await LedgerVerifier.VerifyAsync(new DirectoryLogSource(_folder), _key.VerifierKey, new Report(p => seen = p.Done), Cancellation);
        Assert.True(result.Holds, result.ToString());
        Assert.Equal((size, size), (result.Entries, seen));
    }

    [Theory]
    [InlineData("tile/entries/000", 100, 4)]
    [InlineData("tile/entries/003.p/232", 0, 768)]
    [InlineData("tile/entries/001", 5632, 511)]
    public async Task Verify_AFlippedByteInABundle_NamesTheEntry(string path, int at, long entry)
    {
        await ExportAsync(1000);
        var fault = await FlippedAsync(path, at == 5632 ? 5631 : at);
        Assert.Equal((LedgerFaultKind.Entry, path, entry), (fault!.Kind, fault.Path, fault.Entry));
    }

    [Theory]
    [InlineData("tile/0/000", 0, 0)]
    [InlineData("tile/0/002", 8191, 767)]
    [InlineData("tile/0/003.p/232", 33, 769)]
    [InlineData("tile/1/000.p/3", 65, 512)]
    public async Task Verify_AFlippedByteInATile_NamesTileAndEntry(string path, int at, long entry)
    {
        await ExportAsync(1000);
        var fault = await FlippedAsync(path, at);
        Assert.Equal((LedgerFaultKind.Tile, path, entry), (fault!.Kind, fault.Path, fault.Entry));
    }

    [Fact]
    public async Task Verify_AnyFileFlippedOrTruncatedOrGone_IsNamed()
    {
        await ExportAsync(600);
        foreach (var file in Directory.GetFiles(_folder, "*", SearchOption.AllDirectories))
        {
            var path = Path.GetRelativePath(_folder, file);
            var good = await File.ReadAllBytesAsync(file, Cancellation);
            for (var at = 0; at < good.Length; at += Math.Max(1, good.Length / 9))
            {
                Assert.Equal(path, (await FlippedAsync(path, at))!.Path);
                await File.WriteAllBytesAsync(file, good[..at], Cancellation);
                Assert.Equal(path, (await VerifyAsync())!.Path);
                await File.WriteAllBytesAsync(file, good, Cancellation);
            }

            await File.WriteAllBytesAsync(file, [.. good, 0], Cancellation);
            Assert.Equal(path, (await VerifyAsync())!.Path);
            File.Delete(file);
            Assert.Equal((LedgerFaultKind.Missing, path), ((await VerifyAsync())!.Kind, (await VerifyAsync())!.Path));
            await File.WriteAllBytesAsync(file, good, Cancellation);
        }

        Assert.Null(await VerifyAsync());
    }

    [Fact]
    public async Task Verify_TilesOrBundlesSwapped_IsNamed()
    {
        await ExportAsync(600);
        foreach (var kind in new[] { "tile/0", "tile/entries" })
        {
            var (first, second) = (Path.Combine(_folder, kind, "000"), Path.Combine(_folder, kind, "001"));
            var (a, b) = (await File.ReadAllBytesAsync(first, Cancellation), await File.ReadAllBytesAsync(second, Cancellation));
            await File.WriteAllBytesAsync(first, b, Cancellation);
            await File.WriteAllBytesAsync(second, a, Cancellation);
            Assert.Equal((kind + "/000", 0), ((await VerifyAsync())!.Path, (await VerifyAsync())!.Entry));
            await File.WriteAllBytesAsync(first, a, Cancellation);
            await File.WriteAllBytesAsync(second, b, Cancellation);
        }
    }

    [Fact]
    public async Task Verify_EntriesReordered_NamesTheFirst()
    {
        await ExportAsync(10);
        var file = Path.Combine(_folder, "tile/entries/000.p/10");
        var entries = EntryBundle.TryRead(await File.ReadAllBytesAsync(file, Cancellation))!.ToList();
        (entries[4], entries[7]) = (entries[7], entries[4]);
        await File.WriteAllBytesAsync(file, EntryBundle.Write(entries), Cancellation);
        Assert.Equal(4, (await VerifyAsync())!.Entry);
    }

    [Fact]
    public async Task Verify_ACheckpointOfAnotherKeyOrAnOlderTree_IsNamed()
    {
        await ExportAsync(300);
        using var other = TestLog.NewKey();
        Assert.Equal(LedgerFaultKind.Checkpoint, (await LedgerVerifier.VerifyAsync(new DirectoryLogSource(_folder), other.VerifierKey, null, Cancellation)).Fault!.Kind);
        // Signed by the right key, for a tree that these files are not: a fork.
        var fork = new Checkpoint(_key.Name, 300, TreeHash.Empty).Sign(_key);
        await File.WriteAllBytesAsync(Path.Combine(_folder, "checkpoint"), fork.ToBytes(), Cancellation);
        Assert.Equal(LedgerFaultKind.Checkpoint, (await VerifyAsync())!.Kind);
    }

    [Fact]
    public async Task Verify_ADamagedBodyInTheStore_IsNamedThroughTheReader()
    {
        var store = new MemoryLedgerStore();
        await using var log = new TestLog(store, _key);
        await log.FillAsync(600, 600);
        foreach (var (body, path) in new[] { ("tile/0/1", "tile/0/001"), ("entries/1", "tile/entries/001"), ("entries/0.1", "tile/entries/000") })
        {
            var good = store.Bodies[body];
            var bad = good.ToArray();
            bad[bad.Length / 2] ^= 1;
            store.Bodies[body] = bad;
            Assert.Equal(path, (await log.VerifyAsync()).Fault!.Path);
            store.Bodies.Remove(body);
            Assert.Equal(path, (await log.VerifyAsync()).Fault!.Path);
            store.Bodies[body] = good;
        }

        Assert.True((await log.VerifyAsync()).Holds);
    }

    [Fact]
    public async Task Prove_AnyEntry_VerifiesWithTheKeyAlone_AndOneThatIsNotThere_IsNull()
    {
        await using var log = new TestLog(new MemoryLedgerStore(), _key);
        await log.FillAsync(700);
        foreach (var index in new[] { 0, 255, 256, 511, 512, 699 })
        {
            var proof = await log.Reader.ProveAsync(index, Cancellation);
            Assert.True(TlogProof.TryParse(System.Text.Encoding.UTF8.GetBytes(proof!.ToString()), out var read));
            Assert.True(read.Verify(TestLog.Entry(index).Span, _key.VerifierKey));
        }

        Assert.Null(await log.Reader.ProveAsync(700, Cancellation));
        Assert.Null(await log.Reader.ProveAsync(-1, Cancellation));
    }

    [Fact]
    public async Task Read_APartialTile_IsTheBeginningOfTheFullOne()
    {
        await using var log = new TestLog(new MemoryLedgerStore(), _key);
        await log.FillAsync(300);
        var full = (await log.Reader.ReadAsync("tile/0/000", Cancellation))!.Value;
        Assert.Equal(full[..(32 * 77)].ToArray(), (await log.Reader.ReadAsync("tile/0/000.p/77", Cancellation))!.Value.ToArray());
        Assert.Equal(77, EntryBundle.TryRead((await log.Reader.ReadAsync("tile/entries/000.p/77", Cancellation))!.Value)!.Count);
        Assert.Equal(44 * 32, (await log.Reader.ReadAsync("tile/0/001.p/44", Cancellation))!.Value.Length);
        foreach (var absent in new[] { "tile/0/001.p/45", "tile/0/001", "tile/0/002", "tile/1/000", "tile/2/000.p/1", "tile/entries/001.p/45", "tile/entries/002.p/1", "nothing" })
        {
            Assert.Null(await log.Reader.ReadAsync(absent, Cancellation));
        }
    }

    private async Task ExportAsync(int size)
    {
        await using var log = new TestLog(new MemoryLedgerStore(), _key);
        await log.WaitAsync(s => s.Phase == SequencerPhase.Ready);
        await log.FillAsync(size);
        var checkpoint = await LedgerExport.ToDirectoryAsync(log.Reader, _folder, null, Cancellation);
        Assert.Equal(size, checkpoint.Size);
    }

    private async Task<LedgerFault?> FlippedAsync(string path, int at)
    {
        var file = Path.Combine(_folder, path);
        var good = await File.ReadAllBytesAsync(file, Cancellation);
        var bad = good.ToArray();
        bad[at] ^= 1;
        await File.WriteAllBytesAsync(file, bad, Cancellation);
        var fault = await VerifyAsync();
        await File.WriteAllBytesAsync(file, good, Cancellation);
        return fault;
    }

    private async Task<LedgerFault?> VerifyAsync() =>
        (await LedgerVerifier.VerifyAsync(new DirectoryLogSource(_folder), _key.VerifierKey, null, Cancellation)).Fault;

    private sealed class Report(Action<LedgerProgress> report) : IProgress<LedgerProgress>
    {
        void IProgress<LedgerProgress>.Report(LedgerProgress value) => report(value);
    }
}
