using System.Text.Json;
using EdgeMesh.Ledger;

namespace EdgeMesh.Cli.Tests.Commands;

public sealed class LedgerCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly LedgerKey key = LedgerKey.Generate(LedgerKey.OriginOf("clinic-a"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        key.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Verify_WholeLog_IsZeroAndNamesTheRoot()
    {
        await WriteLogAsync(entries: 3);

        var result = await VerifyAsync("--json");

        Assert.Equal(0, result.Code);
        using var json = JsonDocument.Parse(result.Output);
        Assert.True(json.RootElement.GetProperty("holds").GetBoolean());
        Assert.Equal(3, json.RootElement.GetProperty("verified").GetInt64());
    }

    [Fact]
    public async Task Verify_FlippedByte_IsOneAndNamesTheEntry()
    {
        await WriteLogAsync(entries: 3);
        var tile = Path.Combine(folder.Path, TileLayout.Tile(3, 0, 0).ToString());
        var bytes = await File.ReadAllBytesAsync(tile, Cancellation);
        bytes[32] ^= 1;
        await File.WriteAllBytesAsync(tile, bytes, Cancellation);

        var result = await VerifyAsync();

        Assert.Equal(1, result.Code);
        Assert.Contains("entry 1", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_NeitherAddressNorFolder_IsWrongUsage()
    {
        var result = await RunResult.OfAsync("ledger", "verify", folder.File("absent"), "--topology", Repository.Topology);

        Assert.Equal(2, result.Code);
        Assert.Contains("https://", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_UnknownLogWithoutKey_AsksForTheKey()
    {
        await WriteLogAsync(entries: 1);

        var result = await RunResult.OfAsync("ledger", "verify", folder.Path, "--topology", Repository.Topology, "--data-dir", folder.File("data"));

        Assert.Equal(1, result.Code);
        Assert.Contains("--key", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_MalformedKey_IsWrongUsage()
    {
        var result = await RunResult.OfAsync("ledger", "verify", folder.Path, "--key", "nonsense", "--topology", Repository.Topology);

        Assert.Equal(2, result.Code);
    }

    private Task<RunResult> VerifyAsync(params string[] more) =>
        RunResult.OfAsync(["ledger", "verify", folder.Path, "--key", key.VerifierKey.ToString(), "--topology", Repository.Topology, .. more]);

    /// <summary>A log of fewer than 256 entries: one bundle, one tile, the checkpoint.</summary>
    private async Task WriteLogAsync(int entries)
    {
        var bundle = new List<byte>();
        var hashes = new List<LogHash>();
        for (var i = 0; i < entries; i++)
        {
            byte[] entry = [(byte)i, 42];
            bundle.AddRange([0, (byte)entry.Length, .. entry]);
            hashes.Add(TreeHash.Leaf(entry));
        }

        await WriteAsync(TileLayout.Tile(entries, TilePath.Entries, 0).ToString(), [.. bundle]);
        await WriteAsync(TileLayout.Tile(entries, 0, 0).ToString(), [.. hashes.SelectMany(h => Convert.FromBase64String(h.ToString()))]);
        var note = new Checkpoint(key.Name, entries, Root([.. hashes])).Sign(key);
        await WriteAsync(LogFiles.Checkpoint, System.Text.Encoding.UTF8.GetBytes(note.ToString()!));
    }

    /// <summary>RFC 6962, straight from its definition: split at the largest power of two below the size.</summary>
    private static LogHash Root(LogHash[] leaves)
    {
        if (leaves.Length == 1)
        {
            return leaves[0];
        }

        var split = 1;
        while (split * 2 < leaves.Length)
        {
            split *= 2;
        }

        return TreeHash.Node(Root(leaves[..split]), Root(leaves[split..]));
    }

    private async Task WriteAsync(string path, byte[] bytes)
    {
        var file = Path.Combine(folder.Path, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        await File.WriteAllBytesAsync(file, bytes, Cancellation);
    }
}
