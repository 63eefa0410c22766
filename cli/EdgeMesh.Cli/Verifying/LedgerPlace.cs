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
    public async Task<VerifierKey?> KnownKeyAsync(MeshPlace place, CancellationToken cancellation)
    {
        if (await Source.ReadAsync(LogFiles.Checkpoint, cancellation) is not { } note
            || !SignedNote.TryParse(note.Span, out var signed) || !Checkpoint.TryParse(signed.Text, out var checkpoint))
        {
            return null;
        }

        var file = place.Topology.Sites.Select(s => place.Data.Directory(s.Name)).FirstOrDefault(File.Exists);
        return file is null
            ? null
            : MeshDirectory.Load(file).Sites.Select(s => VerifierKey.TryParse(s.LedgerKey, out var key) ? key : null).FirstOrDefault(k => k?.Name == checkpoint.Origin);
    }

    public void Dispose() => http?.Dispose();
}
