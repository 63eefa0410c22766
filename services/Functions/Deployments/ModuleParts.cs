using EdgeMesh.Functions;
using EdgeMesh.Replication;

namespace EdgeMesh.Services.Functions.Deployments;

/// <summary>Cuts modules into documents and puts them together again.</summary>
internal sealed class ModuleParts(Journal changes)
{
    /// <summary>Below a document's limit, and a power of two for people who look.</summary>
    private const int PartBytes = 512 * 1024;

    /// <summary>The documents of a bundle, the one that names the others last.</summary>
    public static IEnumerable<Change> Cut(string site, FunctionBundle bundle)
    {
        var parts = (bundle.Module.Length + PartBytes - 1) / PartBytes;
        for (var part = 0; part < parts; part++)
        {
            var from = part * PartBytes;
            yield return new Change(FunctionDocuments.Part(site, bundle.Digest, part), null, bundle.Module.Slice(from, Math.Min(PartBytes, bundle.Module.Length - from)));
        }

        yield return new Change(FunctionDocuments.Bundle(site, bundle.Digest), null, new BundleBody(bundle.Statement.Text, bundle.Statement.ManifestText, parts).Write());
    }

    /// <summary>The names of a site's documents of a bundle.</summary>
    public static IEnumerable<DocumentKey> Keys(string site, KnownBundle bundle) =>
        Enumerable.Range(0, bundle.Sources[site]).Select(n => FunctionDocuments.Part(site, bundle.Digest, n)).Append(FunctionDocuments.Bundle(site, bundle.Digest));

    /// <summary>The module's bytes, verified; from whichever site's documents are whole.</summary>
    /// <exception cref="InvalidDataException">No site's documents of it are.</exception>
    public async Task<byte[]> ReadAsync(KnownBundle bundle, CancellationToken cancellation)
    {
        var faults = new List<string>();
        foreach (var (site, count) in bundle.Sources)
        {
            var keys = Enumerable.Range(0, count).Select(n => FunctionDocuments.Part(site, bundle.Digest, n)).ToArray();
            var parts = await changes.GetManyAsync(keys, cancellation);
            if (parts.Any(p => p is null or { Deleted: true } or { BodyMissing: true }))
            {
                faults.Add($"{parts.Count(p => p is { Deleted: false, BodyMissing: false })} of {count} pieces from {site} are here");
                continue;
            }

            byte[] module = [.. parts.SelectMany(p => p!.Body.ToArray())];
            if (bundle.Statement.FaultOf(module) is not { } fault)
            {
                return module;
            }

            faults.Add($"from {site}: {fault}");
        }

        throw new InvalidDataException($"The module of bundle {bundle.Digest} is not here: {string.Join("; ", faults)}. Deploy it again.");
    }
}
