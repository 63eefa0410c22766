using EdgeMesh.Cli.Clients;
using EdgeMesh.Cli.Commands;
using EdgeMesh.Hosting;
using EdgeMesh.Ledger;

namespace EdgeMesh.Cli.Verifying;

/// <summary>A ledger that somebody named by its address or its folder.</summary>
internal sealed class LedgerPlace : IDisposable
{
    private readonly HttpClient? http;

    private LedgerPlace(ILogSource source, HttpClient? http)
    {
        Source = source;
        this.http = http;
    }

    public ILogSource Source { get; }

    /// <summary>Null when it is neither an address nor a folder.</summary>
    public static LedgerPlace? Open(MeshPlace place, string target)
    {
        if (Uri.TryCreate(target, UriKind.Absolute, out var url) && url.Scheme is "https" or "http")
        {
            var client = SiteClients.For(place, url);
            return new(new HttpLogSource(client, url), client);
        }

        return Directory.Exists(target) ? new(new DirectoryLogSource(target), null) : null;
    }

    /// <summary>The key under which the mesh's directory lists the log that signed this checkpoint; null when it lists none.</summary>
    public async Task<VerifierKey?> KnownKeyAsync(MeshPlace place, CancellationToken cancellation) =>
        await Source.ReadAsync(LogFiles.Checkpoint, cancellation) is { } note && SignedNote.TryParse(note.Span, out var signed) && Checkpoint.TryParse(signed.Text, out var checkpoint)
            ? Sites(place).Select(s => Key(s.LedgerKey)).FirstOrDefault(k => k?.Name == checkpoint.Origin)
            : null;

    /// <summary>The keys of the mesh's witnesses; none where there is no mesh.</summary>
    public static IReadOnlyCollection<VerifierKey> Witnesses(MeshPlace place) => [.. Sites(place).Select(s => Key(s.WitnessKey)).OfType<VerifierKey>()];

    public void Dispose() => http?.Dispose();

    private static IEnumerable<SiteEntry> Sites(MeshPlace place) =>
        place.Topology.Sites.Select(s => place.Data.Directory(s.Name)).FirstOrDefault(File.Exists) is { } file ? MeshDirectory.Load(file).Sites : [];

    private static VerifierKey? Key(string text) => VerifierKey.TryParse(text, out var key) ? key : null;
}
