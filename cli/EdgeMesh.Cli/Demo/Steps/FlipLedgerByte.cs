using EdgeMesh.Cli.Topology;
using EdgeMesh.Cli.Verifying;
using EdgeMesh.Ledger;

namespace EdgeMesh.Cli.Demo.Steps;

internal sealed class FlipLedgerByte : DemoStep
{
    private const int BytesOfAHash = 32;

    public override string Name => "tamper";

    public override string? After => "load";

    public override string Shows => "Anyone copies clinic A's ledger and verifies it; then one byte of a tile is flipped, and the verifier names the entry";

    public override async Task<StepOutcome> RunAsync(DemoMesh mesh, CancellationToken cancellation)
    {
        var url = new Uri(mesh.Place.Topology.PublicUrl(mesh.Site(mesh.ClinicA)), "ledger/");
        using var ledger = LedgerPlace.Open(mesh.Place, url.ToString())!;
        if (await ledger.KnownKeyAsync(mesh.Place, cancellation) is not { } key)
        {
            return StepOutcome.Of(false, $"{url} has no checkpoint of a known log", ("url", url));
        }

        var copy = Path.Combine(mesh.Place.Data.Path, "ledger-copy");
        var checkpoint = await LedgerExport.ToDirectoryAsync(ledger.Source, copy, null, cancellation);
        var source = new DirectoryLogSource(copy);
        var whole = await LedgerVerifier.VerifyAsync(source, key, null, cancellation);
        var target = checkpoint.Size / 2;
        Flip(copy, checkpoint.Size, target);
        var broken = await LedgerVerifier.VerifyAsync(source, key, null, cancellation);
        return StepOutcome.Of(whole.Holds && whole.Entries > 0 && broken.Fault?.Entry == target,
            $"{whole.Entries} entries {(whole.Holds ? "hold" : $"do not hold: {whole.Fault?.Message}")}; with one bit of entry {target}'s hash flipped: {broken.Fault?.Message ?? "nothing was found"}",
            ("entries", whole.Entries), ("root", checkpoint.Root.ToString()), ("flipped", target), ("found", broken.Fault?.Entry), ("fault", broken.Fault?.Message));
    }

    /// <summary>Flips a bit of the entry's hash in its tile of the lowest level.</summary>
    private static void Flip(string copy, long size, long entry)
    {
        var path = TileLayout.Tile(size, 0, entry / TilePath.FullWidth);
        var file = Path.Combine(copy, path.ToString());
        var bytes = File.ReadAllBytes(file);
        bytes[(int)(entry % TilePath.FullWidth) * BytesOfAHash] ^= 1;
        File.WriteAllBytes(file, bytes);
    }
}
