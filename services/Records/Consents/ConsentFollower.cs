using EdgeMesh.Replication;
using EdgeMesh.Services.Records.Resources;

namespace EdgeMesh.Services.Records.Consents;

/// <summary>Keeps the consent index in step with the change journal. The index is in memory, so it starts anew; it reads the bodies of
/// Consents alone.</summary>
internal sealed class ConsentFollower(ConsentIndex index, ConsentBodies bodies) : IFollower
{
    public string Name => "consents";

    public bool Reads(string collection) => collection == ConsentBodies.Collection;

    public ValueTask<Position> GetPositionAsync(CancellationToken cancellation) => ValueTask.FromResult(Position.Start);

    public async ValueTask ApplyAsync(JournalPage page, CancellationToken cancellation)
    {
        foreach (var record in page.Records)
        {
            if (record.Document is { Key.Collection: ConsentBodies.Collection } document)
            {
                var directive = document.Deleted ? null : await bodies.ReadAsync(document.Key, document.Body, document.Version.ToString(), cancellation);
                index.Set(document.Key.Id, directive);
            }
            else if (record.WithdrawnKey is { Collection: ConsentBodies.Collection } key)
            {
                index.Set(key.Id, null);
            }
        }
    }
}

/// <summary>Opens the sealed body of a Consent.</summary>
internal sealed class ConsentBodies(Keyring.Keyring keyring, FhirModel fhir)
{
    public const string Collection = "Consent";

    /// <summary>Null when it decides nothing: inactive, unreadable here, or erased. A copy that can't be opened decides nothing because
    /// only its owner's consents decide.</summary>
    public async ValueTask<ConsentDirective?> ReadAsync(DocumentKey key, ReadOnlyMemory<byte> body, string version, CancellationToken cancellation)
    {
        var opened = await keyring.OpenAsync(body, StoredBody.AssociatedData(key), cancellation);
        if (opened.Failure is not null)
        {
            return null;
        }

        if (fhir.Parse(StoredBody.Decode(opened.Plaintext).Json.Span).Resource is not Hl7.Fhir.Model.Consent consent)
        {
            return null;
        }

        consent.Id = key.Id;
        return ConsentReader.Read(consent, version);
    }
}
