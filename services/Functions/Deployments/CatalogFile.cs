using System.Text.Json;
using EdgeMesh.Hosting;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Functions.Deployments;

/// <summary>Which documents the catalogue is made of, and up to where in the journal: spares the journal's walk at a start. Can be lost: then
/// the journal is walked.</summary>
/// <param name="Position">The journal's position.</param>
/// <param name="Documents">The documents' keys, <c>collection/id</c>.</param>
internal sealed record CatalogFile(string Position, IReadOnlyList<string> Documents)
{
    public static async Task<CatalogFile?> LoadAsync(string path, CancellationToken cancellation)
    {
        try
        {
            await using var file = File.OpenRead(path);
            return await JsonSerializer.DeserializeAsync(file, DocumentsJson.Default.CatalogFile, cancellation) is { Position: not null, Documents: { } documents } known
                && !documents.Contains(null!) ? known : null;
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return null;
        }
    }

    public void Save(string path) => FileReplacement.Write(path, file => JsonSerializer.Serialize(file, this, DocumentsJson.Default.CatalogFile));

    public IReadOnlyList<DocumentKey> Keys() =>
        [.. Documents.Select(d => d.Split('/', 2)).Where(d => d.Length == 2).Select(d => new DocumentKey(d[0], d[1]))];
}
