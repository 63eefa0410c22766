using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Projection;
using EdgeMesh.Services.Records.Resources;
using Microsoft.Extensions.Options;

namespace EdgeMesh.Services.Records.Interactions;

/// <summary>Loads the resources of a page. What is released is decided on the very version that leaves, which may be newer than its row.</summary>
internal sealed class PageLoader(Journal changes, ResourceVault vault, AccessGate gate, IOptions<RecordsOptions> options)
{
    private const int Stretch = 50;

    /// <summary>Opens rows until the page is full of bytes; <paramref name="rows"/> behind <c>Taken</c> belong to the next page.</summary>
    public async Task<(IReadOnlyList<OpenedVersion> Versions, int Taken)> LoadAsync(
        FhirRequest request, IReadOnlyList<IndexedResource> rows, CancellationToken cancellation)
    {
        var (versions, taken, bytes) = (new List<OpenedVersion>(rows.Count), 0, 0L);
        foreach (var stretch in rows.Chunk(Stretch))
        {
            var documents = await changes.GetManyAsync([.. stretch.Select(r => r.Entry.Key)], cancellation);
            foreach (var document in documents)
            {
                if (bytes > options.Value.PageBytes)
                {
                    return (versions, taken);
                }

                taken++;
                if (document is { Deleted: false } && await vault.OpenAsync(document, cancellation) is { IsReadable: true } opened && gate.Releases(request, opened))
                {
                    versions.Add(opened);
                    bytes += opened.Json.Length;
                }
            }
        }

        return (versions, taken);
    }
}
