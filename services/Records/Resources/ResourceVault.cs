using EdgeMesh.Keyring;
using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Indexing;

namespace EdgeMesh.Services.Records.Resources;

/// <summary>Seals resources into documents and opens them again.</summary>
internal sealed class ResourceVault(Keyring.Keyring keyring, FhirModel model, IndexExtractor extractor)
{
    public async ValueTask<ReadOnlyMemory<byte>> SealAsync(IndexEntry entry, byte[] json, CancellationToken cancellation) =>
        await keyring.SealAsync(entry.Facts.KeyScope, StoredBody.Encode(entry.Facts, json), StoredBody.AssociatedData(entry.Key), cancellation);

    /// <summary>Opens a version. A tombstone opens to nothing; so does one whose key is not here any more.</summary>
    public async ValueTask<OpenedVersion> OpenAsync(Document document, CancellationToken cancellation)
    {
        if (document.Deleted)
        {
            return new OpenedVersion(document, ResourceFacts.None, default, null);
        }

        var opened = await keyring.OpenAsync(document.Body, StoredBody.AssociatedData(document.Key), cancellation);
        if (opened.Failure is { } failure)
        {
            return new OpenedVersion(document, ResourceFacts.None, default, failure);
        }

        var (facts, json) = StoredBody.Decode(opened.Plaintext);
        return new OpenedVersion(document, facts, json, null);
    }

    /// <summary>Opens the JSON of a body that this process has sealed just now.</summary>
    /// <exception cref="InvalidDataException">It does not open.</exception>
    public async ValueTask<ReadOnlyMemory<byte>> OpenBodyAsync(DocumentKey key, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        var opened = await keyring.OpenAsync(body, StoredBody.AssociatedData(key), cancellation);
        return opened.Failure is { } failure
            ? throw new InvalidDataException($"A body that is being written does not open: {failure}.")
            : StoredBody.Decode(opened.Plaintext).Json;
    }

    /// <summary>Takes the data key that came with a foreign document.</summary>
    public ValueTask<bool> ImportKeyAsync(ReadOnlyMemory<byte> wrappedKey, CancellationToken cancellation) => keyring.ImportAsync(wrappedKey, cancellation);

    /// <summary>What the index keeps of stored JSON.</summary>
    /// <exception cref="InvalidDataException">It is no FHIR resource.</exception>
    public IndexEntry Index(ReadOnlySpan<byte> json)
    {
        var parsed = model.Parse(json);
        return parsed.Resource is { } resource
            ? extractor.Extract(resource, model.References.Find(resource))
            : throw new InvalidDataException($"A stored resource does not parse: {parsed.Issues[0].Diagnostics}");
    }
}

/// <summary>A version, opened.</summary>
/// <param name="Document">The version.</param>
/// <param name="Facts">What a decision needs; of a tombstone none.</param>
/// <param name="Json">The resource, without its version in <c>meta</c>.</param>
/// <param name="Failure">Why it does not open; null when it did.</param>
internal sealed record OpenedVersion(Document Document, ResourceFacts Facts, ReadOnlyMemory<byte> Json, OpenFailure? Failure)
{
    public bool IsReadable => Failure is null && !Document.Deleted;
}
